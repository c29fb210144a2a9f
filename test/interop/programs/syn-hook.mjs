// A server that says of each SYN what it saw, and does with it what it is told to next.
import { createInterface } from 'node:readline';
import { openStack } from './open.mjs';

const stack = await openStack(JSON.parse(process.argv[2]));
const say = (m) => console.log(JSON.stringify(m));
const verdicts = [];
let number = 0;

function syn({ remoteAddress, ttl, mss, windowScale, sack, timestamps, length }) {
  const verdict = verdicts.shift() ?? 'accept';
  say({ number: ++number, verdict, remoteAddress, ttl, mss, windowScale, sack, timestamps, length });
  return verdict;
}

stack.serve(7000, { syn, open: (c) => c.end('in') });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, next } = JSON.parse(line);
  verdicts.push(...next);
  say({ id });
});
say({ ready: true });
