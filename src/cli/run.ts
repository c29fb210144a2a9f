/**
 * `usertcp run -- node server.js`: a first try. The command gets a network namespace with one end of a veth, and our stack on it; the other end
 * is the kernel's, here. Nothing is left behind: the veth ends with the namespace, and that with the command.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { constants, networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inForeground } from './foreground.ts';

const REGISTER = pathToFileURL(fileURLToPath(new URL('../register.js', import.meta.url))).href;
const CLI = fileURLToPath(new URL('./main.js', import.meta.url));
const DEVICE = 'eth0';
/** Where the command hears that its wire is there. */
const GO = 3;
const NETS = 250;
/** What a device that is made gets; no such file where the kernel has no IPv6 at all. */
const NO_IPV6 = '/proc/sys/net/ipv6/conf/default/disable_ipv6';

/** Returns the exit code of the command. */
export async function runRun(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return process.getuid?.() === 0 ? onWire(command, env) : asRootOfItsOwn(command);
}

/** Without rights: the same in a user namespace, where we have them; the kernel's end is in it, too. */
async function asRootOfItsOwn(command: readonly string[]): Promise<number> {
  const again = ['-Urn', '--', process.execPath, CLI, 'run', '--', ...command];
  const env = { ...process.env, USERTCP_RUN: 'inside' };
  return exitCode(spawn('unshare', again, { stdio: 'inherit', env }));
}

async function onWire(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const net = freeNet();
  const subnets = [`10.77.${net}.*/24`, ...(hasIpv6() ? [`fd77:${net}::*/64`] : [])];
  const kernel = subnets.map((subnet) => subnet.replace('*', '1'));
  const ours = subnets.map((subnet) => subnet.replace('*', '2'));
  const outside = env.USERTCP_RUN === 'inside' ? `nsenter -t ${process.pid} -U -n --preserve-credentials curl` : 'curl';
  const waits = ['sh', '-c', `read -r go <&${GO}; exec ${GO}<&-; exec "$@"`, 'sh', ...withRegister(command)];
  // Whatever ends this process ends the command, and with it the namespace.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '-n', ...waits], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: {
      ...env,
      ...(basename(command[0]!) !== 'node' && {
        NODE_OPTIONS: `${env.NODE_OPTIONS ?? ''} --import ${REGISTER}`.trim(),
      }),
      USERTCP_DEVICE: DEVICE,
      USERTCP_ADDRESSES: ours.join(','),
      USERTCP_GATEWAY: kernel.map(withoutBits).join(','),
      USERTCP_ANNOUNCE: outside,
      USERTCP_RUN: '',
      USERTCP_OWNER: '',
    },
  });
  const ended = exitCode(child);
  ended.catch(() => {}); // that it could not be started is told below
  await unshared(child);
  const link = `ut${process.pid}`;
  const inside = `nsenter -t ${child.pid} -n`;
  const steps = [
    `ip link add ${link} type veth peer name ${DEVICE} netns ${child.pid}`,
    ...kernel.map((address) => `ip address add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`),
    `ip link set ${link} up`,
    `${inside} ip link set lo up`,
    `${inside} ip link set ${DEVICE} up`,
  ];
  for (const step of steps) {
    const [program, ...args] = step.split(' ');
    const { status, stderr, error } = spawnSync(program!, args, { encoding: 'utf8' });
    if (status === 0) continue;
    child.kill('SIGKILL');
    throw new Error(`${step}: ${error?.message ?? stderr.trim()}. usertcp doctor says what this machine allows`);
  }
  process.stderr.write(
    `usertcp: ${command.join(' ')} has ${ours.map(withoutBits).join(' and ')}, on a wire to this host\n`,
  );
  (child.stdio[GO] as Writable).end('\n');
  const code = await ended;
  spawnSync('ip', ['link', 'delete', link], { stdio: 'ignore' }); // the kernel would, some time after the namespace has gone
  return code;
}

/** Of two commands that run here each has a network of its own. */
function freeNet(): number {
  const here = Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address));
  const taken = (net: number): boolean => here.some((address) => address?.startsWith(`10.77.${net}.`));
  const nets = Array.from({ length: NETS }, (_, n) => (process.pid + n) % NETS);
  return nets.find((net) => !taken(net)) ?? nets[0]!;
}

function hasIpv6(): boolean {
  try {
    return readFileSync(NO_IPV6, 'utf8').trim() === '0';
  } catch {
    return false;
  }
}

function withoutBits(address: string): string {
  return address.split('/')[0]!;
}

/** `node` gets a flag; what starts Node itself, an environment variable. */
function withRegister([program, ...args]: readonly string[]): string[] {
  return basename(program!) === 'node' ? [program!, '--import', REGISTER, ...args] : [program!, ...args];
}

/** Waits until the child is in a namespace of its own. */
async function unshared(child: ChildProcess): Promise<void> {
  const mine = namespace('self');
  for (let tries = 0; tries < 500 && child.exitCode === null && child.pid !== undefined; tries++) {
    const its = namespace(String(child.pid));
    if (its !== undefined && its !== mine) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL'); // it waits for its wire
  throw new Error(
    'no network namespace could be made (setpriv, unshare of util-linux). usertcp doctor says what this machine allows',
  );
}

function namespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // it has ended
  }
}

async function exitCode(child: ChildProcess): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // At a terminal Ctrl-C reaches the command by itself.
    process.on(signal, () => (signal === 'SIGINT' && inForeground()) || child.kill(signal));
  }
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal!];
}
