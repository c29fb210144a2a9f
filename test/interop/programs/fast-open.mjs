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

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, host, port } = JSON.parse(line);
  try {
    say({ id, value: await request(host, port) });
  } catch (error) {
    say({ id, error: String(error) });
  }
});
say({ ready: true });
