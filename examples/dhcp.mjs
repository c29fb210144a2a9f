// An address from the network, a name from its DNS servers, a page from there:
//   sudo node examples/dhcp.mjs eth1 example.org
import http from 'node:http';
import { createStack } from 'usertcp';

const [device = 'eth1', host = 'example.org'] = process.argv.slice(2);
const stack = await createStack({ device, dhcp: { hostname: 'usertcp' } });
const { address, server, routers, dns, lease } = stack.dhcp.lease;
console.log(`${address} from ${server} for ${lease} s; router ${routers}, DNS ${dns}`);
stack.dhcp.on('lost', (why) => console.log(`the address is gone: ${why}`));

console.log(`${host} is ${await stack.resolve(host)}`);
const createConnection = ({ port }) => stack.connect({ host, port });
http.get({ host, port: 80, createConnection }, async (response) => {
  console.log(`HTTP ${response.statusCode} ${response.headers['content-type']}`);
  response.resume();
  response.on('end', () => stack.close()); // gives the address back
});
