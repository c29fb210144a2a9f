// Our end of urgent data: two servers that tell what came, text and octets out of band, and a client that sends some.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStack } from './open.mjs';

const SENT = [['ab'], ['c!', true], ['de'], ['?', true], ['f'], ['gh#', true]];
const stack = await openStack(JSON.parse(process.argv[2]));
let came = 0;
const say = (m) => console.log(JSON.stringify(m));

const tells = {
  open: (conn) => (conn.data = { text: '', octets: [] }),
  data: (conn, bytes) => (conn.data.text += bytes),
  outOfBand: (conn, octet) => conn.data.octets.push(String.fromCharCode(octet)),
  end(conn) {
    say({ number: ++came, came: conn.data });
    conn.end();
  },
};
stack.serve(7000, tells, { urgent: 'out-of-band' });
stack.serve(7001, tells);
stack
  .createServer({ urgent: 'out-of-band' }, (socket) => {
    const data = { text: '', octets: [] };
    socket.on('data', (bytes) => (data.text += bytes));
    socket.on('outOfBand', (octet) => data.octets.push(String.fromCharCode(octet)));
    socket.on('end', () => say({ number: ++came, came: data }));
  })
  .listen(7002);

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { host, port, stream } = JSON.parse(line);
  const c = stream ? stack.connect({ host, port }) : await stack.open({ host, port });
  if (stream) await once(c, 'connect');
  for (const [part, urgent] of SENT) {
    if (urgent) c.sendUrgent(Buffer.from(part));
    else await c.write(part);
    await sleep(50);
  }
  await c.end();
});
say({ ready: true });
