// Every program in examples/ is short, and is run: here as it is, or by the test that ELSEWHERE names.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const files = readdirSync(at('examples'));
const ELSEWHERE: Readonly<Record<string, string>> = {
  'own-controller.mjs': 'test/sim/own-controller.test.ts',
  'dhcp.mjs': 'test/interop/examples.test.ts',
  'unchanged-server.mjs': 'test/interop/drop-in.test.ts',
};
/** What is to be seen; of a new example any output will do. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  'client.mjs': /^::1:\d+ is ESTABLISHED\n[\s\S]*^1000000 bytes came$/m,
  'echo.mjs': /^echo on port 7 of loopback\ncame back: hello$/m,
  'http-server.mjs': /^hello 127\.0\.0\.1, this TCP runs inside of Node$/m,
  'net-in-memory.mjs': /^1000000 bytes came back after \d+ ms\n[1-9]\d* segments were sent again$/m,
  'simulation.mjs':
    /^1000000 bytes in \d+ ms with [1-9]\d* retransmitted segments[\s\S]*^connections left after TIME_WAIT: 0$/m,
  'workers.mjs': /^usage: node examples\/workers\.mjs DEVICE ADDRESS\/PREFIX/,
};

test.each(files)('examples/%s has less than 60 lines', (file) => {
  expect(
    readFileSync(at(`examples/${file}`), 'utf8')
      .trimEnd()
      .split('\n').length,
  ).toBeLessThan(60);
});

const here = files.filter((file) => !(file in ELSEWHERE));
test.skipIf(!existsSync(at('dist/index.js'))).each(here)('examples/%s', { timeout: 60_000 }, (file) => {
  const said = execFileSync(process.execPath, [at(`examples/${file}`)], { encoding: 'utf8', timeout: 55_000 });
  expect(said).toMatch(PRINTS[file] ?? /./);
});

test('the others are run where the list says', () => {
  for (const [file, place] of Object.entries(ELSEWHERE)) expect(readFileSync(at(place), 'utf8'), file).toContain(file);
});
