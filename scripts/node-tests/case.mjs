// One test of Node: how it is started and what became of it.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a test says about itself: `// Flags: ...` for Node's command line, `// Env: A=B` for its environment. */
export function wishes(file) {
  const head = readFileSync(file, 'utf8');
  const words = (name) =>
    [...head.matchAll(new RegExp(`^//\\s+${name}:(.*)$`, 'gm'))].flatMap((m) =>
      m[1].trim().split(/\s+/).filter(Boolean),
    );
  return { flags: words('Flags'), env: Object.fromEntries(words('Env').map((pair) => pair.split(/=(.*)/s, 2))) };
}

/** The environment of a test: this one without what steers Node, so that a run is the same from a shell, npm or CI. */
function surroundings() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_|USERTCP_|https?_proxy$|no_proxy$|FORCE_COLOR|CI$)/i.test(name),
    ),
  );
}

function tally(report) {
  let text = '';
  try {
    text = readFileSync(report, 'utf8');
  } catch {}
  const sum = { ours: 0, kernel: 0, listened: 0, kernelListening: 0 };
  for (const line of text.split('\n').filter(Boolean)) {
    try {
      const one = JSON.parse(line);
      for (const word of Object.keys(sum)) sum[word] += one[word] ?? 0;
    } catch {} // a process that was killed while it wrote
  }
  return sum;
}

function verdict({ code, signal, late, text }) {
  if (late) return 'timeout';
  if (code !== 0 || signal) return 'fail';
  return /^1\.\.0 # Skipped/m.test(text) ? 'skip' : 'pass';
}

/**
 * Runs one test. `world`: { node, dir (the tree), preload, env, timeout, lane, scratch }. A lane is a place of its own: a directory for
 * temporary files and pipes, and ports, so that two tests never meet. A test's whole process group ends with it.
 */
export function runCase(name, world) {
  const file = join(world.dir, name);
  const { flags, env } = wishes(file);
  const at = join(world.scratch, String(world.lane));
  rmSync(at, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  const report = join(at, 'report.jsonl');
  const sequential = name.startsWith('sequential/');
  const started = process.hrtime.bigint();
  const child = spawn(world.node, [...flags, file], {
    cwd: world.dir,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...surroundings(),
      ...env,
      ...world.env,
      // In the environment, not on the command line: processes and workers that the test starts are on the same stack.
      NODE_OPTIONS: `--import=${world.preload}`,
      NODE_TEST_DIR: at,
      TEST_THREAD_ID: String(world.lane),
      ...(sequential ? { NODE_COMMON_PORT: String(12_346 + 200 * world.lane) } : { TEST_PARALLEL: '1' }),
      USERTCP_REPORT: report,
    },
  });
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {} // nobody of the group is left
  };
  return new Promise((resolve) => {
    let text = '';
    let late = false;
    const keep = (chunk) => {
      if (text.length < 200_000) text += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const alarm = setTimeout(() => {
      late = true;
      end();
    }, world.timeout);
    process.once('exit', end);
    child.on('error', (error) => keep(error.message));
    // Output may stay open in a process that the test left behind, so its end is not waited for longer than a moment.
    child.on('exit', () => setTimeout(end, 200).unref());
    child.on('close', (code, signal) => {
      clearTimeout(alarm);
      process.off('exit', end);
      end();
      const ms = Number((process.hrtime.bigint() - started) / 1_000_000n);
      resolve({ name, status: verdict({ code, signal, late, text }), ms, code, signal, text, used: tally(report) });
    });
  });
}
