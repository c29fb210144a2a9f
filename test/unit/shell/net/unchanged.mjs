// A program that knows nothing of usertcp: http, https, http2 and fetch, each a server and a client. Prints a line per answer.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';

const pem = (name) => readFileSync(new URL(`../../api/tls/${name}.pem`, import.meta.url));
const tls = { key: pem('key'), cert: pem('cert') };
const listening = async (server) => {
  await once(server.listen(0), 'listening');
  return server.address().port;
};
const closed = (server) => new Promise((resolve) => server.close(resolve));
const text = async (stream) => {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
};

const plain = http.createServer((req, res) => res.end(`http ${req.url}`));
const [answer] = await once(http.get({ port: await listening(plain), path: '/a', agent: false }), 'response');
console.log(await text(answer));
await closed(plain);

const secure = https.createServer(tls, (_req, res) => res.end('x'.repeat(300_000)));
const get = https.get({ port: await listening(secure), rejectUnauthorized: false, agent: false });
const [large] = await once(get, 'response');
console.log(`https ${(await text(large)).length}`);
await closed(secure);

const second = http2.createSecureServer(tls);
second.on('stream', (stream) => {
  stream.respond({ ':status': 200 });
  stream.end('http2');
});
const session = http2.connect(`https://localhost:${await listening(second)}`, { rejectUnauthorized: false });
const stream = session.request({ ':path': '/' });
console.log(await text(stream));
session.close();
await closed(second);

const fetched = http.createServer((_req, res) => res.end('fetch'));
console.log(await (await fetch(`http://localhost:${await listening(fetched)}`)).text());
fetched.closeAllConnections();
await closed(fetched);

const [refused] = await once(net.connect(1, '127.0.0.1'), 'error');
console.log(refused.message);
