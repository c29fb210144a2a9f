// A program in a process group of its own, so that what it started ends with it: also what that started in its turn.
import { spawn } from 'node:child_process';

/** The program, beside one who kills the group when the other end of a pipe is closed: by our end, however we end. It outlives what the group is told. */
const WATCHED = '(trap "" TERM INT HUP; read -r line <&3; kill -KILL 0) & exec 3<&-; exec "$0" "$@"';

/**
 * Starts it. `ended`: its exit code, 1 where a signal ended it; by then nothing of the group lives. `stop(signal)` tells all of the group, and
 * kills whoever is still there after `grace` ms. When this process ends, also by SIGKILL, the group is killed.
 */
export function startGroup(command, args, { grace = 5000, stdio = ['ignore', 'inherit', 'inherit'], ...options } = {}) {
  const argv = ['-c', WATCHED, command, ...args];
  const child = spawn('sh', argv, { ...options, stdio: [...stdio, 'pipe'], detached: true });
  const tell = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Nobody is left.
    }
  };
  const abandon = () => tell('SIGKILL');
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve(1));
    // Who outlives the leader would hold its pipes open, and a bench's servers their core.
    child.once('exit', abandon);
    child.once('close', (code) => resolve(code ?? 1));
  });
  return {
    child,
    ended,
    stop(signal = 'SIGTERM') {
      tell(signal);
      setTimeout(abandon, grace).unref();
    },
  };
}
