/** curl in the peer's namespace: nothing of ours is at that end. */
import { once } from 'node:events';
import type { Namespaces } from './namespaces.ts';
import { payload } from './payload.ts';

const COMMON = ['--silent', '--show-error', '--noproxy', '*', '--globoff', '--max-time', '60'];

export interface Transfer {
  readonly sha256: string;
  readonly seconds: number;
}

/** Downloads and lets sha256sum have the bytes. */
export async function downloadHash(
  namespaces: Namespaces,
  url: string,
  more: readonly string[] = [],
): Promise<Transfer> {
  const script = 'set -o pipefail; curl "$@" | sha256sum';
  const { stdout, seconds } = await run(namespaces, ['bash', '-c', script, 'curl', ...COMMON, ...more, url]);
  return { sha256: stdout.split(' ')[0]!, seconds };
}

/** Uploads `bytes` of the payload; the server answers with the hash of what it got. */
export async function uploadHash(namespaces: Namespaces, url: string, bytes: number): Promise<Transfer> {
  const { stdout, seconds } = await run(namespaces, ['curl', ...COMMON, '--upload-file', '-', url], bytes);
  return { sha256: stdout.trim(), seconds };
}

/** Bytes per second of a download that nobody looks at. */
export async function downloadSpeed(namespaces: Namespaces, url: string): Promise<number> {
  const { stdout } = await run(namespaces, [
    'curl',
    ...COMMON,
    '--output',
    '/dev/null',
    '--write-out',
    '%{speed_download}',
    url,
  ]);
  return Number(stdout);
}

async function run(
  namespaces: Namespaces,
  command: readonly string[],
  upload = 0,
): Promise<{ stdout: string; seconds: number }> {
  const started = performance.now();
  const child = namespaces.run(namespaces.peer, command, { stdio: [upload > 0 ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = once(child, 'close') as Promise<[number | null]>;
  if (upload > 0) {
    child.stdin!.on('error', () => {});
    for (const piece of payload(upload))
      if (!child.stdin!.write(piece)) await Promise.race([once(child.stdin!, 'drain'), exited]);
    child.stdin!.end();
  }
  const [code] = await exited;
  if (code !== 0) throw new Error(`${command[0]} ended with code ${code}: ${stderr.trim()}`);
  return { stdout, seconds: (performance.now() - started) / 1000 };
}
