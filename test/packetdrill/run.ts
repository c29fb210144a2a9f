/** One script by packetdrill, on our stack behind `socket`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LOCAL } from './host.ts';

/**
 * Stand in for the programs by which public scripts prepare a kernel: what sysctl is told goes into a file that our stack
 * reads, the others do nothing.
 */
const IDLE = ['ip', 'tc', 'nstat', 'ethtool', 'iptables', 'ip6tables', 'modprobe'];
const SYSCTL = '#!/bin/sh\nfor word; do echo "$word" >> "$USERTCP_SYSCTL"; done\n';

export interface Outcome {
  readonly ok: boolean;
  /** What packetdrill said, without its own name before it. */
  readonly output: string;
}

export async function runScript(
  packetdrill: string,
  bridge: string,
  socket: string,
  script: string,
  more: readonly string[] = [],
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'usertcp-drill-'));
  try {
    for (const name of IDLE) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(folder, 'sysctl'), SYSCTL, { mode: 0o755 });
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      USERTCP_SYSCTL: join(folder, 'settings'),
      LD_PRELOAD: bridge,
    };
    const args = [`--so_filename=${bridge}`, `--so_flags=${socket}`, `--local_ip=${LOCAL[4]}`, ...more, script];
    const child = spawn(packetdrill, args, { env, cwd: dirname(script), timeout: 60_000, killSignal: 'SIGKILL' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return { ok: code === 0, output: output.trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
