/**
 * An echo server at the fast level: handlers shared by all connections, borrowed views, nothing copied but once.
 * Usage: node examples/echo.mjs [DEVICE ADDRESS/PREFIX]; without arguments it talks to itself over loopback.
 */
import { createStack } from 'usertcp';

const [device, address] = process.argv.slice(2);
const wire = device !== undefined && address !== undefined;
const stack = await createStack(wire ? { device, addresses: [address] } : {});

const service = stack.serve(7, {
  // A full send buffer stops reading; drain goes on. So a peer that does not read costs no memory here.
  data: (conn, chunk) => {
    if (!conn.write(chunk)) conn.pause();
  },
  drain: (conn) => conn.resume(),
  end: (conn) => conn.end(),
  close: (conn, error) => {
    if (error) console.error(`${conn.remoteAddress}: ${error.message}`);
  },
});
console.log(`echo on port ${service.port} of ${stack.addresses.join(', ') || 'loopback'}`);

if (wire) {
  await new Promise((resolve) => process.once('SIGINT', resolve));
} else {
  const conn = await stack.open({ host: '127.0.0.1', port: 7 });
  await conn.write('hello');
  console.log(`came back: ${await conn.read()}`);
  await conn.end();
}

await stack.close();
