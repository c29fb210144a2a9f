// ping without iputils: node ping.mjs DEVICE OWN-IP OWN-MAC PEER-IP PEER-MAC SIZE sends three echo requests as raw frames
// through the addon, and prints {replies: [{ms, same, ttl}]}.
import { setTimeout as sleep } from 'node:timers/promises';
import { built } from './open.mjs';

const [device, own, ownMac, peer, peerMac, size] = process.argv.slice(2);
const { openAfPacket } = await built('link/afpacket.js');
const abi = await built('wire/abi.js');
const { parseAddress } = await built('wire/address-text.js');

const mac = (text) => Buffer.from(text.replaceAll(':', ''), 'hex');
const v6 = peer.includes(':');
const packed = (text) => {
  const words = parseAddress(text);
  const bytes = Buffer.alloc(16);
  words.forEach((word, i) => void bytes.writeInt32BE(word, i * 4));
  return v6 ? bytes : bytes.subarray(12);
};
const [src, dst] = [packed(own), packed(peer)];
const word = (n) => Buffer.from([n >> 8, n & 255]);

function sum(...parts) {
  const bytes = Buffer.concat(parts);
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return word(~total & 0xffff);
}

function frame(seq) {
  const text = Buffer.alloc(Number(size), `ping ${seq} `);
  const icmp = Buffer.concat([Buffer.from([v6 ? 128 : 8, 0, 0, 0, 0x12, 0x34]), word(seq), text]);
  const length = word(icmp.length);
  const pseudo = v6 ? [src, dst, word(0), length, Buffer.from([0, 0, 0, 58])] : [];
  sum(...pseudo, icmp).copy(icmp, 2);
  const ip = v6
    ? Buffer.concat([Buffer.from([0x60, 0, 0, 0]), length, Buffer.from([58, 64]), src, dst])
    : Buffer.concat([
        Buffer.from([0x45, 0]),
        word(20 + icmp.length),
        Buffer.from([0, seq, 0, 0, 64, 1, 0, 0]),
        src,
        dst,
      ]);
  if (!v6) sum(ip).copy(ip, 10);
  return Buffer.concat([mac(peerMac), mac(ownMac), Buffer.from(v6 ? [0x86, 0xdd] : [8, 0]), ip, icmp]);
}

const link = openAfPacket({ device });
const arena = new Uint8Array(1 << 20);
const replies = [];
const sentAt = [];
link.attach({ rows: new Int32Array(96), flows: new Int32Array(64), hops: new Int32Array(16), arena });
link.setAddresses(parseAddress(own));
link.start(
  (n) => {
    for (let at = 0; at < n * abi.DESC_WORDS; at += abi.DESC_WORDS) {
      const kind = link.rx[at + abi.RX_KIND] & 0xff;
      if (kind !== (v6 ? abi.KIND_ICMP6 : abi.KIND_ICMP4)) continue; // neighbours speak the other one, too
      const start = link.rx[at + abi.RX_FRAME];
      const got = Buffer.from(link.rxMemory.subarray(start, start + link.rx[at + abi.RX_FRAME_LEN]));
      const l4 = v6 ? 54 : 34;
      if (got[l4] !== (v6 ? 129 : 0)) continue;
      const seq = got.readUInt16BE(l4 + 6);
      const same = got.subarray(l4 + 8).equals(Buffer.alloc(Number(size), `ping ${seq} `));
      replies.push({ ms: Math.round(performance.now() - sentAt[seq]), same, ttl: got[v6 ? 21 : 22] });
    }
  },
  () => {},
);
for (let seq = 0; seq < 3; seq++) {
  const bytes = frame(seq);
  arena.set(bytes, 0);
  link.tx.fill(0, 0, abi.DESC_WORDS);
  link.tx[abi.TX_KIND] = abi.KIND_RAW;
  link.tx[abi.TX_OFF] = 0;
  link.tx[abi.TX_LEN] = bytes.length;
  sentAt[seq] = performance.now();
  link.flush(1);
  await sleep(50);
}
await sleep(200);
console.log(JSON.stringify({ replies }));
process.exit(0);
