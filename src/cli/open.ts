/** `usertcp open -- COMMAND`: opens packet sockets with the rights we have, and runs a command that has them and no rights. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { openPacketSockets } from '../link/afpacket.ts';

/** Where standard input, output and error end. */
const FIRST_FD = 3;

/** Returns the exit code of the command. Under sudo it runs as the user who called. */
export async function runOpen([command, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const sockets = openPacketSockets();
  const child = spawn(command!, args, {
    stdio: ['inherit', 'inherit', 'inherit', ...sockets],
    env: { ...env, USERTCP_FDS: sockets.map((_, i) => FIRST_FD + i).join(',') },
    ...(env.SUDO_UID !== undefined && { uid: Number(env.SUDO_UID), gid: Number(env.SUDO_GID) }),
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + constants.signals[signal!];
}
