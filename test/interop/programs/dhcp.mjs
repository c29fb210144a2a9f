// node dhcp.mjs '{"device": …, "dhcp": …}' [name …]: gets an address, resolves the names, says so, and closes when a line comes.
import { openStack } from './open.mjs';

const [config, ...names] = process.argv.slice(2);
const outcome = (promise) =>
  promise.then(
    (value) => value,
    (error) => error.code,
  );
try {
  const stack = await openStack(JSON.parse(config));
  const { lease } = stack.dhcp;
  stack.dhcp.on('lost', (why) => console.log(JSON.stringify({ lost: why })));
  stack.dhcp.on('bound', ({ address }) => console.log(JSON.stringify({ bound: address.split('/')[0] })));
  const answers = {};
  for (const name of names) {
    const [host, type] = name.split('/');
    answers[name] = await outcome(type === 'PTR' ? stack.reverse(host) : stack.resolve(host, type));
  }
  const socket = stack.udp.bind();
  stack.serve(80, { open: (c) => c.end('hello\n') });
  // A connection by name, to the DNS server itself.
  const conn = await outcome(stack.open({ host: 'box.lab', port: 53 }).then((c) => (c.abort(), c.remoteAddress)));
  console.log(
    JSON.stringify({
      ready: true,
      lease,
      addresses: stack.addresses,
      warnings: stack.warnings,
      answers,
      conn,
      port: socket.port,
    }),
  );
  for await (const _ of process.stdin) break;
  await stack.close();
  console.log(JSON.stringify({ closed: stack.dhcp.state }));
} catch (error) {
  console.log(JSON.stringify({ ready: false, code: error.code, message: error.message }));
}
