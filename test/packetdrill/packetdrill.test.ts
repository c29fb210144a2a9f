/**
 * Google's packetdrill drives our stack by way of bridge.c. Our own scripts run when PACKETDRILL names its binary; a small
 * driver of ours proves the bridge wherever there is a C compiler.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBridge, buildDriver, noCompiler } from './build.ts';
import { runScript } from './run.ts';
import { type Server, serve } from './server.ts';
import { LINUX, withSysctls } from './settings.ts';

const { PACKETDRILL } = process.env;
const SCRIPTS = fileURLToPath(new URL('./scripts/', import.meta.url));

function noPacketdrill(): string | undefined {
  if (PACKETDRILL === undefined) return 'PACKETDRILL names no binary of packetdrill (docs/scripts.md)';
  return existsSync(PACKETDRILL) ? undefined : `PACKETDRILL: there is no ${PACKETDRILL}`;
}

const uncompiled = process.platform === 'linux' ? noCompiler() : 'the bridge speaks the socket calls of Linux';
const undrilled = uncompiled ?? noPacketdrill();
if (undrilled !== undefined) console.warn(`packetdrill skipped: ${undrilled}`);

describe.skipIf(uncompiled !== undefined)('the bridge for packetdrill', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usertcp-drill-'));
  let server: Server;
  let bridge: string;

  beforeAll(async () => {
    bridge = buildBridge();
    server = await serve(join(folder, 'socket'), { tcp: LINUX });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  test('a handshake, data, a close; calls that wait in a second thread; an hour asleep', async () => {
    const { stdout } = await promisify(execFile)(buildDriver(), [bridge, server.path], { timeout: 15_000 });
    const lines = stdout.trim().split('\n');
    // The second thread tells what it saw whenever it gets to it.
    const heard = lines.filter((line) => /^(accept|read 5)/.test(line));
    expect(heard).toEqual(['accept ok from port 40000', 'read 5 hello']);
    expect(lines.filter((line) => !heard.includes(line)).map((line) => line.trim())).toEqual([
      'bind 0',
      'listen 0',
      'slept 3600',
      'in 0',
      'out 0 flags 12 seq 0 ack 1 len 0',
      'in 0',
      'in 0',
      'out 0 flags 10 seq 1 ack 6 len 0',
      'writev 7',
      'out 0 flags 18 seq 1 ack 6 len 7 goodbye',
      'in 0',
      'out 0 flags 10 seq 8 ack 7 len 0',
      'read 0',
      'close 0',
      'out 0 flags 11 seq 8 ack 7 len 0',
      'in 0',
      'out 0 nothing',
      'close again -1 Bad file descriptor',
      'pipe -1 Function not implemented',
    ]);
  });

  test('what scripts set by sysctl is what their stack begins with', () => {
    const lines = 'net.ipv4.tcp_sack=0\n-q\nnet/ipv4/tcp_ecn=1\nnet.ipv4.tcp_rmem=4096 540000 15728640\nnet.core.x=1';
    const tcp = withSysctls(LINUX, lines);
    expect(tcp).toEqual({ ...LINUX, sack: false, ecn: 'on', receiveBuffer: 15_728_640 });
  });

  for (const script of readdirSync(SCRIPTS)) {
    test.skipIf(undrilled !== undefined)(script, async () => {
      const { ok, output } = await runScript(PACKETDRILL!, bridge, server.path, join(SCRIPTS, script));
      expect(ok, output).toBe(true);
    });
  }
});
