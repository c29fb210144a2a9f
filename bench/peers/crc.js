// CRC-32C of a Buffer for the servers that read every byte: crc(bytes, crcSoFar). The same function for all of them:
// crc.node from build.sh, which uses the processor's instruction; without it, or with USERTCP_CRC=js, tables of eight.
const { join } = require('node:path');
const { tmpdir } = require('node:os');

const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0x82f63b78 : 0);
  tables[0][i] = c;
}
for (let t = 1; t < 8; t++) {
  for (let i = 0; i < 256; i++) tables[t][i] = (tables[t - 1][i] >>> 8) ^ tables[0][tables[t - 1][i] & 255];
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;

function slicing(b, soFar = 0) {
  let c = ~soFar;
  let i = 0;
  for (const end = b.length - 7; i < end; i += 8) {
    const lo = c ^ (b[i] | (b[i + 1] << 8) | (b[i + 2] << 16) | (b[i + 3] << 24));
    c =
      t7[lo & 255] ^
      t6[(lo >>> 8) & 255] ^
      t5[(lo >>> 16) & 255] ^
      t4[lo >>> 24] ^
      t3[b[i + 4]] ^
      t2[b[i + 5]] ^
      t1[b[i + 6]] ^
      t0[b[i + 7]];
  }
  for (; i < b.length; i++) c = (c >>> 8) ^ t0[(c ^ b[i]) & 255];
  return ~c >>> 0;
}

let crc = slicing;
let how = 'js';
if (process.env.USERTCP_CRC !== 'js') {
  try {
    crc = require(join(process.env.PEERS_BIN ?? join(tmpdir(), 'peers-bin'), 'crc.node'));
    how = 'native';
  } catch {}
}
// The check value of CRC-32C, whole and in two parts.
const check = Buffer.from('123456789');
if (crc(check) !== 0xe3069283 || crc(check.subarray(4), crc(check.subarray(0, 4))) !== 0xe3069283) {
  throw new Error(`the CRC-32C in use (${how}) is wrong`);
}
module.exports = { crc, slicing, how };
