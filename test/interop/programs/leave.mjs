// node leave.mjs DEVICE OWN-IP PEER-IP PORT: opens a stack, says hello, closes the stack and has nothing left to do.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStack } from './open.mjs';

const [device, own, host, port] = process.argv.slice(2);
const fds = () => readdirSync('/proc/self/fd').length;
// The first stack also opens what the process keeps: the addon, libuv's own descriptors.
await (await openStack({ device, addresses: [`${own}/24`] })).close();
await sleep(50);
const before = fds();

const stack = await openStack({ device, addresses: [`${own}/24`] });
stack.serve(80, {});
const conn = await stack.open({ host, port: Number(port) });
await conn.write('hello');
await stack.close();
await sleep(50);
const { connections } = stack.metrics();
console.log(JSON.stringify({ fds: { before, after: fds() }, connections }));
