// Classic BPF as the kernel runs it on a packet (net/core/filter.c): the programs of native/core can be tried without a socket.

/** Ancillary loads. */
const AD_PROTOCOL = 0xfffff000;

/** What the program returns. `words`: two for each instruction, as the addon's probes give them. */
export function runBpf(words: Uint32Array, packet: Uint8Array, protocol = 0): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const memory = new Uint32Array(16);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    const head = words[2 * pc]!;
    const k = words[2 * pc + 1]!;
    const code = head & 0xffff;
    const [jt, jf] = [(head >>> 16) & 0xff, head >>> 24];
    switch (code & 7) {
      case 0: {
        const mode = code & 0xe0;
        if (mode === 0x00) a = k;
        else if (mode === 0x60) a = memory[k]!;
        else if (mode === 0x80) a = packet.length;
        else if (mode === 0x20 && k === AD_PROTOCOL) a = protocol;
        else {
          const at = mode === 0x40 ? x + k : k;
          const size = (code & 0x18) === 0 ? 4 : (code & 0x18) === 8 ? 2 : 1;
          if (at + size > packet.length) return 0;
          a = size === 4 ? view.getUint32(at) : size === 2 ? view.getUint16(at) : view.getUint8(at);
        }
        break;
      }
      case 1:
        x = (code & 0xe0) === 0x60 ? memory[k]! : k;
        break;
      case 2:
        memory[k] = a;
        break;
      case 3:
        memory[k] = x;
        break;
      case 4:
        a = alu(code & 0xf0, a, (code & 8) !== 0 ? x : k);
        break;
      case 5: {
        if (code === 0x05) {
          pc += k;
          break;
        }
        const test = code & 0xf0;
        const holds = test === 0x10 ? a === k : test === 0x20 ? a > k : test === 0x30 ? a >= k : (a & k) !== 0;
        pc += holds ? jt : jf;
        break;
      }
      case 6:
        return (code & 0x18) === 0x10 ? a : k;
      default:
        if ((code & 0xf8) === 0) x = a;
        else a = x;
    }
  }
}

function alu(operation: number, a: number, b: number): number {
  switch (operation) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x20:
      return Math.imul(a, b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return b > 31 ? 0 : (a << b) >>> 0;
    case 0x70:
      return b > 31 ? 0 : a >>> b;
    case 0xa0:
      return (a ^ b) >>> 0;
  }
  throw new Error(`no such operation: ${operation}`);
}
