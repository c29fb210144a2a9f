// Servers that hand every connection on to the same port of another host, with half-closes and errors as they come.
import net from 'node:net';
import { listening, options, ready } from './play.mjs';

for (const port of options.ports) {
  const server = net.createServer({ allowHalfOpen: true }, (from) => {
    const to = net.connect({ host: options.host, port, allowHalfOpen: true });
    for (const [a, b] of [
      [from, to],
      [to, from],
    ]) {
      a.pipe(b);
      a.on('error', () => b.resetAndDestroy());
    }
  });
  await listening(server, port);
}
ready();
