// Node's tests run in a network of their own: they connect to addresses and ports of their choice, and some of those are somebody's.
import { spawnSync } from 'node:child_process';
import { say, which } from '../prepare.mjs';

const MARK = 'NODE_TESTS_INSIDE';

/** Runs this script again inside a network namespace with nothing but loopback, and ends with it. Returns when it is inside. */
export function goInside() {
  if (process.env[MARK]) return;
  const [unshare, ip] = [which('unshare'), which('ip')];
  const flags = process.getuid?.() === 0 ? ['-n'] : ['-Urn'];
  const able = unshare && ip && spawnSync(unshare, [...flags, ip, 'link', 'set', 'lo', 'up']).status === 0;
  if (!able) return say('no network namespace can be made: the tests run in the network of this machine');
  const inside = 'ip=$1; shift; "$ip" link set lo up && exec "$@"';
  const command = [...flags, 'sh', '-c', inside, 'sh', ip, process.execPath, ...process.argv.slice(1)];
  const r = spawnSync(unshare, command, { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } });
  process.exit(r.status ?? 1);
}
