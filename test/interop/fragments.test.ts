// The kernel cuts what is larger than a frame, and puts together what we cut.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, has, notBuilt, Pair } from './harness/index.ts';

const ECHO = fileURLToPath(new URL('programs/echo.py', import.meta.url));
const missing = !has('python3');
if (missing) console.warn('interop: fragments skipped: not installed: python3');
const skip = missing || !capability().ok || notBuilt() !== undefined;

describe.skipIf(skip)('datagrams larger than a frame', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.create();
  });
  afterAll(() => pair.close());

  for (const family of families) {
    test.each([56, 1472, 4000, 20_000, 60_000])(
      `${family}: the kernel's echo requests of %i bytes are answered [RFC 791 §3.2] [RFC 8200 §4.5]`,
      (size) => {
        const { out, err } = pair.lab.kernel.try(['python3', ECHO, addresses.stack[family], String(size)]);
        expect(err).toBe('');
        expect(out.trim()).toBe('3');
      },
    );

    test(`${family}: a large datagram for a port nobody has is refused [RFC 1122 §4.1.3.1]`, () => {
      const code = [
        'import socket, sys',
        'f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET',
        's = socket.socket(f, socket.SOCK_DGRAM); s.settimeout(3); s.connect((sys.argv[1], 9)); s.send(b"x" * 5000)',
        'try: s.recv(1)',
        'except ConnectionRefusedError: print("refused")',
      ].join('\n');
      const { out } = pair.lab.kernel.try(['python3', '-c', code, addresses.stack[family]]);
      expect(out.trim()).toBe('refused');
    });
  }
});
