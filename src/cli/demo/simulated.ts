/** The demo without any right: the same HTTP server and client, two stacks, a simulated wire that loses packets. */
import { createHash } from 'node:crypto';
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { World } from '../../sim.ts';
import { ladder } from '../ladder.ts';
import type { Terminal } from '../terminal.ts';
import { httpApp } from './http-app.ts';
import { MIB, payloadHash } from './payload.ts';

const BYTES = 16 * MIB;
const LOSS = 0.001;
const DELAY_US = 5000;

/** Returns the exit code. */
export async function simulatedDemo(terminal: Terminal): Promise<number> {
  const blocks: Uint8Array[] = [];
  const world = new World({ seed: 1, impair: { delay: DELAY_US, loss: LOSS } });
  const server = world.host(['10.99.0.2/24', 'fd99::2/64']);
  const client = world.host(['10.99.0.1/24', 'fd99::1/64'], { capture: { write: (block) => blocks.push(block) } });
  const app = http.createServer(httpApp());
  server.createServer((socket) => app.emit('connection', socket)).listen(80);
  terminal.line(terminal.bold('Two usertcp stacks, 10 ms apart, one packet of a thousand is lost'));
  let right = true;
  for (const host of ['10.99.0.2', 'fd99::2']) {
    const began = world.now;
    const sha256 = await world.settle(fetchHash(host, () => client.connect({ host, port: 80 }) as unknown as Socket));
    const same = sha256 === payloadHash(BYTES);
    right &&= same;
    const seconds = ((world.now - began) / 1000).toFixed(2);
    terminal.line(
      `  16 MiB from ${host}: ${seconds} virtual s, ${same ? terminal.good('same SHA-256') : terminal.bad('another SHA-256')}`,
    );
  }
  terminal.line(`  retransmitted segments: ${server.metrics().core.retransSegs ?? 0}`);
  await world.close();
  terminal.line();
  terminal.line(
    ladder(Buffer.concat(blocks), { connection: 1, color: terminal.color, width: terminal.columns ?? 100 }),
  );
  return right ? 0 : 1;
}

function fetchHash(host: string, createConnection: () => Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host, path: `/bytes/${BYTES}`, createConnection }, (response) => {
      const hash = createHash('sha256');
      response.on('data', (chunk: Buffer) => hash.update(chunk));
      response.on('end', () => resolve(hash.digest('hex')));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
