/**
 * A server that does not know of us. `npx usertcp doctor` says what the machine allows; then
 *   USERTCP_DEVICE=eth0 USERTCP_ADDRESSES=10.0.0.2/24 node --import usertcp/register examples/unchanged-server.mjs
 * Express, Fastify, ws and the like take the same `http.Server`: `http.createServer(app).listen(8080)`.
 * With an argument it asks itself that many times, and ends.
 */
import http from 'node:http';

const app = (request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(`hello ${request.socket.remoteAddress}, you asked for ${request.url}\n`);
};

const server = http.createServer(app).listen(8080, async () => {
  console.log(`listening on port ${server.address().port}`);
  const times = Number(process.argv[2] ?? 0);
  for (let i = 1; i <= times; i++) {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/${i}`);
    process.stdout.write(await answer.text());
  }
  if (times > 0) server.close();
});
