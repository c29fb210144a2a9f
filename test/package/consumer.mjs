// A program that uses the package as installed, on a platform that it says it is: nothing of Linux is there.
//   node consumer.mjs [PLATFORM]
import assert from 'node:assert/strict';
import fs, { readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const [, , platform = process.platform] = process.argv;
const require = createRequire(import.meta.url);
const { exports: entries } = JSON.parse(readFileSync(require.resolve('usertcp/package.json'), 'utf8'));
const linux = platform === 'linux';
if (!linux) pretend();

function pretend() {
  Object.defineProperty(process, 'platform', { value: platform });
  process.getuid = process.geteuid = platform === 'win32' ? undefined : () => 501;
  const absent = (of, name) => {
    const real = of[name];
    of[name] = (path, ...rest) => {
      if (/^\/(proc|sys|dev|etc)\//.test(String(path)))
        throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
      return real.call(of, path, ...rest);
    };
  };
  for (const name of ['readFileSync', 'openSync', 'readdirSync', 'statSync', 'writeFileSync', 'readlinkSync'])
    absent(fs, name);
  syncBuiltinESMExports();
}

// What acts as soon as it is imported has tests of its own.
const names = Object.keys(entries).filter((name) => !name.endsWith('.json') && !name.endsWith('/register'));
for (const name of names) {
  const specifier = `usertcp${name.slice(1)}`;
  const imported = await import(specifier);
  assert(Object.keys(imported).length > 0, specifier);
  // Node adds a mark of its own where there is a default export.
  const required = Object.keys(require(specifier)).filter((key) => key !== '__esModule');
  assert.deepEqual(required.sort(), Object.keys(imported).sort(), `require('${specifier}')`);
}

const { World } = await import('usertcp/sim');
const world = new World({ seed: 1, impair: { delay: 1000, loss: 0.01 } });
const [a, b] = [world.host('10.0.0.1/24'), world.host('10.0.0.2/24')];
let got = 0;
b.serve(80, { data: (_conn, chunk) => void (got += chunk.length) });
const conn = await world.settle(a.open({ host: '10.0.0.2', port: 80 }));
await world.settle(Promise.all([conn.write(Buffer.alloc(100_000)), conn.end()]));
assert.equal(got, 100_000);
await world.close();

const { createStack } = await import('usertcp');
const stack = await createStack();
stack.serve(7, { data: (c, chunk) => void c.write(chunk) });
const echo = await stack.open({ host: '127.0.0.1', port: 7 });
await echo.write('hello');
assert.equal(String(await echo.read()), 'hello');
await stack.close();

const failure = await createStack({ device: 'nodevice0', addresses: ['10.0.0.2/24'] }).catch((error) => error);
// With an addon the question is what devices there are; without one, why there is none.
assert.equal(failure.code, linux ? 'ERR_USERTCP_NO_DEVICE' : 'ERR_USERTCP_NO_NATIVE', failure.message);
console.log(`${platform}: ${names.map((name) => `usertcp${name.slice(1)}`).join(' ')}; ${failure.message}`);
