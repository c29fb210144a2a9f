// The image and the manifest of docs/guide/containers.md say what they mean; test/interop/containers.test.ts runs them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containersPage } from '../guide/containers.ts';
import { root } from '../guide/page.ts';

const page = containersPage();
const doctor = readFileSync(join(root, 'src/cli/doctor.ts'), 'utf8');

test('Docker and the pod give the same rights, drop all others, and run the same command', () => {
  expect(page.docker).toEqual(page.pod);
  expect(page.pod).toEqual({
    capabilities: ['NET_RAW', 'NET_ADMIN', 'SETUID', 'SETGID'],
    dropped: ['ALL'],
    command: ['npx', 'usertcp', 'open', 'eth0', '--user', 'node', '--', 'node', 'app.mjs'],
  });
});

test('what doctor looks for is what they give', () => {
  const asked = [...doctor.matchAll(/\['CAP_(\w+)', CAP_\w+\]/g)].map(([, name]) => name!);
  expect(asked).toEqual(['NET_RAW', 'NET_ADMIN']);
  expect(page.pod.capabilities).toEqual(expect.arrayContaining(asked));
});

test('the manifest is a list of containers with the fields that a pod has', () => {
  const [container] = page.manifest.containers;
  expect(Object.keys(page.manifest)).toEqual(['containers']);
  expect(Object.keys(container!).sort()).toEqual(['command', 'env', 'image', 'name', 'securityContext']);
  expect(container!.env).toEqual([{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]);
});

test('the image has a Node that we run on, and the commands that rules need', () => {
  const lines = page.dockerfile.trim().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['FROM', 'RUN', 'WORKDIR', 'COPY', 'RUN', 'CMD']);
  expect(Number(/^FROM node:(\d+)-/.exec(lines[0]!)?.[1])).toBeGreaterThanOrEqual(20);
  const packages = /apk add --no-cache (.*)/.exec(lines[1]!)?.[1]?.split(' ');
  for (const name of packages!) expect(doctor).toContain(`'${name}'`);
  expect(packages).toContain('nftables');
  expect(JSON.parse(lines.at(-1)!.slice('CMD '.length))).toEqual(['node', 'app.mjs']);
});
