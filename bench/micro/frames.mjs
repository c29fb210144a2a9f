// Frames to parse and to sum, made by hand so that a case depends on nothing that it measures.
export function tcpFrame(payload, { ports = [40_000, 80], timestamps = true } = {}) {
  const options = timestamps ? [1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4] : [];
  const tcp = 20 + options.length;
  const frame = new Uint8Array(14 + 20 + tcp + payload);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 10, 77, 0, 2, 2, 0, 10, 77, 0, 1, 8, 0, 0x45]);
  view.setUint16(16, 20 + tcp + payload);
  frame.set([64, 6], 22);
  frame.set([10, 77, 0, 1, 10, 77, 0, 2], 26);
  view.setUint16(24, field(frame, 14, 20, 0));
  view.setUint16(34, ports[0]);
  view.setUint16(36, ports[1]);
  view.setUint32(38, 0x01020304);
  view.setUint32(42, 0x05060708);
  frame.set([(tcp / 4) << 4, 0x18, 0xff, 0xff], 46);
  frame.set(options, 54);
  for (let i = 34 + tcp; i < frame.length; i++) frame[i] = (i * 31) & 255;
  view.setUint16(50, field(frame, 34, tcp + payload, field32(frame, 26) + 6 + tcp + payload));
  return frame;
}

function field32(b, o) {
  let s = 0;
  for (let i = 0; i < 8; i += 2) s += (b[o + i] << 8) | b[o + i + 1];
  return s;
}

/** The Internet checksum, the slow and obvious way. */
export function field(b, o, length, start) {
  let s = start;
  for (let i = 0; i < length; i++) s += i & 1 ? b[o + i] : b[o + i] << 8;
  while (s > 0xffff) s = (s & 0xffff) + Math.floor(s / 0x10000);
  return ~s & 0xffff;
}
