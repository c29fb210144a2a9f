/** The child processes of the demo: each runs in a namespace, tells its parent in lines of JSON, ends with its input. */
import { createHash } from 'node:crypto';
import * as http from 'node:http';
import type { Socket } from 'node:net';
import type { Stack } from '../../shell/stack.ts';
import { createStack } from '../../stack.ts';
import { httpApp } from './http-app.ts';

export interface RoleOptions {
  readonly device?: string;
  readonly addresses?: readonly string[];
  readonly port?: number;
  readonly url?: string;
  readonly capture?: string;
}

/** What a role tells. */
export type Told =
  | { readonly ready: true; readonly warnings: readonly string[] }
  | { readonly moved: number }
  | { readonly done: { readonly bytes: number; readonly sha256: string; readonly seconds: number } }
  | { readonly failed: string };

const REPORT_MS = 200;
/** Bytes kept of each packet. */
const HEADERS_ONLY = 128;

export async function runRole(role: string, options: RoleOptions): Promise<void> {
  try {
    if (role === 'server') await serveOurs(options);
    else if (role === 'kernel-server') serveKernel(options);
    else if (role === 'client') await download(options);
    else throw new Error(`no role ${role}`);
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.stdin.destroy();
  }
}

function tell(what: Told): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Sums up what moved and tells it now and then. */
function meter(): (bytes: number) => void {
  let moved = 0;
  let told = 0;
  setInterval(() => {
    if (moved !== told) tell({ moved });
    told = moved;
  }, REPORT_MS).unref();
  return (bytes) => {
    moved += bytes;
  };
}

function open(options: RoleOptions): Promise<Stack> {
  return createStack({
    device: options.device!,
    addresses: options.addresses!,
    ...(options.capture !== undefined && { capture: { file: options.capture, snaplen: HEADERS_ONLY } }),
  });
}

async function serveOurs(options: RoleOptions): Promise<void> {
  const stack = await open(options);
  const app = http.createServer(httpApp(meter()));
  stack.createServer((socket) => app.emit('connection', socket)).listen(options.port);
  tell({ ready: true, warnings: stack.warnings });
  process.stdin.resume().on('end', () => void stack.close());
}

function serveKernel(options: RoleOptions): void {
  const server = http.createServer(httpApp(meter())).listen(options.port, () => tell({ ready: true, warnings: [] }));
  process.stdin.resume().on('end', () => {
    server.close();
    server.closeAllConnections();
  });
}

/** Our client: downloads from a server of the kernel's, over a connection that is captured. */
async function download(options: RoleOptions): Promise<void> {
  const stack = await open(options);
  tell({ ready: true, warnings: stack.warnings });
  const url = new URL(options.url!);
  const started = performance.now();
  const moved = meter();
  const hash = createHash('sha256');
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    const request = http.get(url, {
      createConnection: () => stack.connect({ host: url.hostname, port: Number(url.port) }) as unknown as Socket,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        moved(chunk.length);
      });
      response.on('end', () => request.socket?.once('close', resolve));
      response.on('error', reject);
    });
  });
  const seconds = (performance.now() - started) / 1000;
  await stack.close();
  tell({ done: { bytes, sha256: hash.digest('hex'), seconds } });
  process.stdin.destroy();
}
