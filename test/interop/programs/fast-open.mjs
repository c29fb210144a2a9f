// Our end of Fast Open: a server that answers each request with it and with whether it came on the SYN, and a client.
import { createInterface } from 'node:readline';
import { openStack } from './open.mjs';

const stack = await openStack(JSON.parse(process.argv[2]));
const say = (m) => console.log(JSON.stringify(m));

stack.serve(7000, {
  data(conn, bytes) {
    conn.write(`${Number(conn.info().fastOpen)} ${Buffer.from(bytes)}`);
    conn.end();
  },
});

async function request(host, port) {
  const c = await stack.open({ host, port, data: 'GET' });
  const early = c.info().fastOpen;
  let answer = '';
  for await (const chunk of c) answer += Buffer.from(chunk);
  await c.end?.();
  return `${Number(early)} ${answer}`;
}

/** Written in the tick of connect(), instead of given to it. */
function written(host, port) {
  return new Promise((resolve, reject) => {
    const s = stack.connect({ host, port });
    let early = false;
    let answer = '';
    s.on('connect', () => (early = s.info().fastOpen));
    s.on('data', (chunk) => (answer += chunk));
    s.on('end', () => resolve(`${Number(early)} ${answer}`));
    s.on('error', reject);
    s.write('GET');
  });
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, host, port, how } = JSON.parse(line);
  try {
    say({ id, value: await (how === 'written' ? written : request)(host, port) });
  } catch (error) {
    say({ id, error: String(error) });
  }
});
say({ ready: true });
