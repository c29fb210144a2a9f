// Our stack with one thing open, or none, and nothing else to do: how long the process lives.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { openStack } from './open.mjs';

const [device, own, what, host, port] = process.argv.slice(2);
const stack = await openStack({ device, addresses: [`${own}/24`] });
const acts = {
  nothing() {},
  down() {
    stack.serve(80, {});
    execFileSync('ip', ['link', 'set', device, 'down']);
  },
  /** The process exits in a handler, when its stack has not sent yet what was written. */
  async exits() {
    const socket = stack.connect({ host, port: Number(port) });
    socket.once('connect', () => {
      console.log(JSON.stringify({ ready: what }));
      socket.write('last words');
      process.exit();
    });
    await once(socket, 'close');
  },
  async vanished() {
    const socket = stack.connect({ host, port: Number(port) });
    await once(socket, 'connect');
    setTimeout(() => {
      socket.write('for nobody');
      socket.destroy();
    }, 500);
  },
};
await acts[what]();
console.log(JSON.stringify({ ready: what }));
