/**
 * The attempts of one `connect` (RFC 8305 §5). Node begins the next attempt after autoSelectFamilyAttemptTimeout and closes the one
 * before; ours race on behind it. Whoever opens first becomes the socket's connection; a failure of the last attempt waits for the others.
 */
import type net from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Conn } from '../conn.ts';
import type { TcpHandle } from './handle.ts';
import type { Waiting } from './waiting.ts';

interface Attempt extends Error {
  address?: string;
  code?: string;
  errno?: number;
}
/** What Node destroys a socket with when no address is left. */
type Failure = Error & { errors?: Attempt[]; code?: string };

/** Node's last word on a connect, kept while attempts are under way. */
interface Held {
  readonly error: Failure;
  readonly handle: TcpHandle;
  readonly waiting: Waiting;
}

const races = new WeakMap<object, Race>();

export class Race {
  readonly #runners = new Set<TcpHandle>();
  #held: Held | null = null;
  /** The attempt that Node knows of. */
  #current: TcpHandle | null = null;

  static of(handle: TcpHandle): Race | undefined {
    return handle.owner && races.get(handle.owner);
  }

  /** Node gave up on an attempt; we do not. */
  static join(handle: TcpHandle): void {
    const socket = handle.owner!;
    const race = races.get(socket) ?? new Race();
    races.set(socket, race);
    race.#runners.add(handle);
  }

  get running(): boolean {
    return this.#runners.size > 0;
  }

  /** Another attempt begins. */
  begin(handle: TcpHandle): void {
    this.#current = handle;
  }

  /** The attempt that Node knows of failed: Node goes to the next address, or says that there is none. */
  fail(handle: TcpHandle, waiting: Waiting, status: number): void {
    const socket = handle.owner as net.Socket;
    const own = Object.getOwnPropertyDescriptor(socket, 'destroy');
    const { destroy } = socket;
    socket.destroy = (error?: Failure) => {
      if (!isLastWord(error)) return destroy.call(socket, error);
      this.#held = { error, handle, waiting };
      return socket;
    };
    try {
      waiting.answer(status, handle, waiting.req, true, true);
    } finally {
      if (own === undefined) Reflect.deleteProperty(socket, 'destroy');
      else Object.defineProperty(socket, 'destroy', own);
    }
  }

  won(runner: TcpHandle, conn: Conn): void {
    this.#runners.delete(runner);
    const winner = this.#held?.handle ?? this.#current;
    const { waiting } = this.#held ?? {};
    this.#held = null;
    this.end();
    if (winner === null) return drop(conn);
    winner.takeOver(conn, waiting);
  }

  lost(runner: TcpHandle, address: string, errno: number): void {
    this.#runners.delete(runner);
    if (this.#held === null) return;
    const { error, handle } = this.#held;
    const mine = error.errors?.find((each) => each.address === address);
    if (mine !== undefined) correct(mine, errno);
    if (this.running) return;
    this.#held = null;
    (handle.owner as net.Socket).destroy(error);
  }

  /** Somebody won, or the socket is destroyed. */
  end(): void {
    for (const runner of this.#runners) runner.leaveRace();
    this.#runners.clear();
    this.#held = null;
  }
}

function isLastWord(error: Failure | undefined): error is Failure {
  return error !== undefined && (error.errors !== undefined || error.code === 'ERR_SOCKET_CONNECTION_TIMEOUT');
}

/** Node wrote ETIMEDOUT when it gave up; this is what came of it. */
function correct(error: Attempt, errno: number): void {
  const code = getSystemErrorName(errno);
  error.message = error.message.replace(String(error.code), code);
  Object.assign(error, { code, errno });
}

/** A connection that nobody wants. */
export function drop(conn: Conn): void {
  conn.data = undefined;
  conn.abort();
  conn.release(false);
}
