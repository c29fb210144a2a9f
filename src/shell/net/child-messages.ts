/**
 * Servers and sockets sent to another process (`child.send(message, server)`). Only a descriptor of the kernel's can be; Node's C++ takes
 * whatever handle it is given for one, so what is ours is refused before, as libuv refuses a closed descriptor: EBADF.
 */
import { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { constants } from 'node:os';
import { TcpHandle } from './handle.ts';
import { ListenHandle } from './listen-handle.ts';

type Told = (error: Error) => void;
type Send = (message: unknown, handle?: unknown, options?: unknown, callback?: Told) => boolean;
/** A process at the other end: a child, or for a child its parent, which is Node's `process`. */
interface Other {
  _send?: Send;
  emit(event: 'error', error: Error): unknown;
}

const { EBADF } = constants.errno;
let guarded = false;

/** From now on, for every child that is started, and for our own parent. */
export function guardMessages(): void {
  if (guarded) return;
  guarded = true;
  const { prototype } = ChildProcess as unknown as { prototype: { spawn(this: Other, options: unknown): unknown } };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const status = spawn.call(this, options);
    guard(this);
    return status;
  };
  guard(process as unknown as Other);
}

function guard(other: Other): void {
  const send = other._send;
  if (send === undefined) return; // there is no channel
  other._send = function (message, handle, options, callback) {
    if (!isOurs(handle)) return send.call(this, message, handle, options, callback);
    const error = refusal();
    // The options may be absent, or a boolean of old.
    const silent = options === true || (options as { swallowErrors?: boolean } | null | undefined)?.swallowErrors;
    if (typeof callback === 'function') process.nextTick(callback, error);
    else if (!silent) process.nextTick(() => other.emit('error', error));
    return true;
  };
}

function isOurs(sent: unknown): boolean {
  const owner = sent instanceof net.Socket || sent instanceof net.Server;
  const handle = owner ? (sent as unknown as { _handle: unknown })._handle : sent;
  return handle instanceof TcpHandle || handle instanceof ListenHandle;
}

function refusal(): Error {
  const why = 'it is on the stack, and only a descriptor of the kernel can be sent to another process';
  return Object.assign(new Error(`write EBADF. usertcp: ${why}`), { errno: -EBADF, code: 'EBADF', syscall: 'write' });
}
