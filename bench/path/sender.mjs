// Senders of bench/goodput.mjs: node bench/path/sender.mjs '[{"host", "congestion", "device"?, "address"?}, …]'
// With a device it is our stack that sends there, else the kernel. Lines on standard input: `go` opens a connection to each
// host and sends until `stop`, which resets them and tells what the connections say about themselves.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const PORT = 5001;
const flows = JSON.parse(process.argv[2]);
const chunk = Buffer.alloc(65536, 'y');
let going = false;

function kernelFlow({ host }) {
  const socket = connect(PORT, host);
  const pump = () => {
    while (going && socket.write(chunk));
  };
  socket.on('connect', pump).on('drain', pump).on('error', complain(host));
  return () => void socket.resetAndDestroy();
}

async function ourFlow(stack, { host, congestion }) {
  const conn = await stack.open({ host, port: PORT, congestion });
  const pump = async () => {
    while (going) await conn.write(chunk);
  };
  pump().catch(complain(congestion));
  return () => {
    const info = conn.info();
    conn.abort();
    return info;
  };
}

function complain(who) {
  return (error) => {
    if (going) console.error(`${who}: ${error.message}`);
  };
}

const openers = [];
for (const flow of flows) {
  if (flow.device === undefined) openers.push(() => kernelFlow(flow));
  else {
    const { createStack } = await import('../../dist/index.js');
    const stack = await createStack({ device: flow.device, addresses: [flow.address], selfTest: false });
    openers.push(() => ourFlow(stack, flow));
  }
}
console.log('ready');

let open = [];
const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  going = line === 'go';
  if (going) {
    open = await Promise.all(openers.map((opener) => opener()));
    console.log('going');
    return;
  }
  console.log(JSON.stringify(open.map((stop) => stop() ?? null)));
});
await once(lines, 'close');
process.exit(0);
