/**
 * `usertcp open DEVICE -- COMMAND`: opens packet sockets with the rights we have, and runs a command that has them and no
 * rights. What else needs rights, the rules that keep the kernel away, it asks of us (shell/coexist/broker.ts).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { openPacketSockets } from '../link/afpacket.ts';
import { injectFrames } from '../link/inject.ts';
import { arrange } from '../shell/coexist/arrangement.ts';
import { PASSED_ON, passOn, serveBroker } from '../shell/coexist/broker.ts';
import { checkDevice } from '../shell/coexist/device-facts.ts';
import { inForeground } from './foreground.ts';

export interface OpenOptions {
  readonly device: string;
  readonly command: readonly string[];
  /** Whom the command runs as: a name, or numbers of user and group. Default: who called sudo. */
  readonly user?: string | undefined;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name?: string;
  readonly home?: string;
}

/** Where standard input, output and error end. */
const FIRST_FD = 3;

/** Returns the exit code of the command. Throws a RangeError when nobody says whom it is to run as. */
export async function runOpen({ device, command, user }: OpenOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const account = whom(user, env);
  checkDevice(device);
  const sockets = openPacketSockets(device);
  const [file, ...args] = command;
  const child = spawn(file!, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...sockets, 'pipe'],
    env: {
      USERTCP_DEVICE: device,
      ...env,
      ...(account?.name !== undefined && { USER: account.name, LOGNAME: account.name, HOME: account.home }),
      USERTCP_OPENED: device,
      USERTCP_FDS: sockets.map((_, i) => FIRST_FD + i).join(','),
      USERTCP_BROKER: String(FIRST_FD + sockets.length),
    },
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const stream = child.stdio[FIRST_FD + sockets.length] as unknown as Duplex;
  for (const signal of PASSED_ON) {
    // At a terminal Ctrl-C reaches the command by itself.
    process.on(signal, () => (signal === 'SIGINT' && inForeground()) || pass(child, signal, stream));
  }
  const served = serveBroker(stream, device, (wish, selfTest) => arrange(wish, selfTest ? injectFrames : null));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  stream.destroy();
  await served;
  return code ?? 128 + constants.signals[signal!];
}

/** By the kernel, or else by the broker's stream: who runs as another user may be out of our reach. */
function pass({ pid }: ChildProcess, signal: NodeJS.Signals, stream: Duplex): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') passOn(stream, signal);
  }
}

/** Undefined: as we are, which is not root. */
function whom(user: string | undefined, { SUDO_UID, SUDO_GID }: NodeJS.ProcessEnv): Account | undefined {
  if (user !== undefined) return account(user);
  if (SUDO_UID !== undefined && SUDO_UID !== '0') return account(`${SUDO_UID}:${SUDO_GID ?? SUDO_UID}`);
  if (process.getuid?.() !== 0) return undefined;
  throw new RangeError(
    'as whom is COMMAND to run? With sudo it is who called it; else say --user NAME or --user UID:GID',
  );
}

/** Of a name as the system knows it, or of numbers. */
function account(user: string): Account {
  const [, uid, gid = uid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  const entry = passwd(uid ?? user);
  if (uid !== undefined) return { ...entry, uid: Number(uid), gid: Number(gid) };
  if (entry === undefined) throw new RangeError(`--user: there is no user ${JSON.stringify(user)}`);
  return entry;
}

function passwd(key: string): Required<Account> | undefined {
  try {
    const line = execFileSync('getent', ['passwd', key], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [name, , uid, gid, , home] = line.trim().split(':');
    return { name: name!, uid: Number(uid), gid: Number(gid), home: home! };
  } catch {
    return undefined;
  }
}
