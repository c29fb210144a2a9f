/**
 * The socket calls of Linux on our core. A call that has to wait returns undefined and is asked again whenever something
 * happened: each looks at the sockets anew, so none has a state of its own beyond what it closes over.
 */
import * as codes from '../../src/core/events.ts';
import type { Host } from './host.ts';
import * as linux from './linux.ts';
import { coreFailed, failed, OK, type Reply } from './linux.ts';
import { corked, getOption, lingersNot, openOptions, setOption } from './options.ts';
import { makeSock, type Sock, unread } from './sock.ts';

/** undefined = not yet. */
export type Call = () => Reply | undefined;

/** The bridge holds a descriptor of this number for each: it must be free there, and below the limit. */
const FIRST_FD = 200;
const done =
  (reply: Reply): Call =>
  () =>
    reply;

export class Sockets {
  readonly #host: () => Host;
  readonly #socks = new Map<number, Sock>();
  readonly #rows = new Map<number, Sock>();
  #nextFd = FIRST_FD;

  /** `host` is made when it is needed first: a script sets things before. */
  constructor(host: () => Host) {
    this.#host = host;
  }

  socket(domain: number, type: number): Reply {
    if (domain !== linux.AF_INET && domain !== linux.AF_INET6) return failed('EAFNOSUPPORT');
    if ((type & 0xf) !== linux.SOCK_STREAM) return failed('EPROTONOSUPPORT');
    return { result: this.#add(domain, (type & linux.SOCK_NONBLOCK) !== 0).fd };
  }

  /** What happened in the core. */
  dispatch(words: Int32Array, count: number): void {
    for (let n = 0; n < count; n++) this.#event(words.subarray(n * codes.EVENT_WORDS, (n + 1) * codes.EVENT_WORDS));
  }

  bind(fd: number, bytes: Uint8Array): Reply {
    return this.#on(fd, (s) => {
      const end = linux.readSockaddr(bytes);
      if (end === undefined || s.bound !== undefined || s.kind !== 'fresh') return failed('EINVAL');
      this.#host().own(end.address);
      s.bound = end;
      return OK;
    });
  }

  listen(fd: number, backlog: number): Reply {
    return this.#on(fd, (s) => {
      if (s.kind === 'stream') return failed('EINVAL');
      if (s.kind === 'listener') return OK;
      if (s.bound === undefined) return failed('EDESTADDRREQ');
      const { address, port } = s.bound;
      const row = this.#turn((core, now) => core.callListen(address, port, backlog + 1, openOptions(s), now));
      if (row < 0) return coreFailed(row);
      s.kind = 'listener';
      this.#tie(s, row);
      return OK;
    });
  }

  accept(fd: number): Call {
    return this.#waiting(fd, (s) => {
      if (s.kind !== 'listener') return failed('EINVAL');
      const child = s.queue.shift();
      if (child === undefined) return s.nonblocking ? failed('EAGAIN') : undefined;
      this.#socks.set(child.fd, child);
      if (child.row >= 0) this.#turn((core) => core.callAccepted(child.row));
      return { result: child.fd, bytes: linux.writeSockaddr(child.domain, child.bound!) };
    });
  }

  connect(fd: number, bytes: Uint8Array): Call {
    let begun = false;
    return this.#waiting(fd, (s) => {
      if (!begun) {
        const refused = this.#connect(s, bytes);
        if (refused !== undefined) return refused;
        begun = true;
      }
      if (s.phase === 'connecting') return s.nonblocking ? failed('EINPROGRESS') : undefined;
      return this.#troubled(s) ?? OK;
    });
  }

  read(fd: number, room: number, flags: number): Call {
    const taken: Buffer[] = [];
    return this.#waiting(fd, (s) => {
      if (s.kind !== 'stream') return failed('ENOTCONN');
      if (flags & linux.MSG_ERRQUEUE) return failed('EAGAIN');
      if (flags & linux.MSG_OOB) return failed('EINVAL');
      const got = taken.reduce((sum, piece) => sum + piece.length, 0);
      taken.push(this.#take(s, room - got, (flags & linux.MSG_PEEK) !== 0));
      const bytes = Buffer.concat(taken);
      const enough = bytes.length === room || !(flags & linux.MSG_WAITALL) || flags & linux.MSG_PEEK;
      const data = { result: bytes.length, bytes: flags & linux.MSG_TRUNC ? new Uint8Array(0) : bytes };
      if (bytes.length > 0 && enough) return data;
      if (room === 0 || s.ended || s.readShut || (s.phase === 'gone' && s.error === 0) || bytes.length === room)
        return data;
      const trouble = bytes.length > 0 && s.error !== 0 ? data : this.#troubled(s);
      if (trouble !== undefined) return trouble;
      if (!s.nonblocking && !(flags & linux.MSG_DONTWAIT)) return undefined;
      return bytes.length > 0 ? data : failed('EAGAIN');
    });
  }

  write(fd: number, bytes: Uint8Array, flags: number): Call {
    let sent = 0;
    return this.#waiting(fd, (s) => {
      if (flags & linux.MSG_FASTOPEN) return failed('EOPNOTSUPP');
      const trouble = this.#troubled(s);
      if (trouble !== undefined) return sent > 0 ? { result: sent } : trouble;
      if (s.kind !== 'stream' || s.writeShut || s.phase === 'gone') return failed('EPIPE');
      const wait = !s.nonblocking && !(flags & linux.MSG_DONTWAIT);
      if (s.phase === 'connecting') return wait ? undefined : failed('EAGAIN');
      const n = this.#send(s, bytes, sent, flags);
      if (n < 0) return sent > 0 ? { result: sent } : coreFailed(n);
      sent += n;
      s.full = sent < bytes.length;
      if (sent < bytes.length && wait) return undefined;
      return sent === 0 && bytes.length > 0 ? failed('EAGAIN') : { result: sent };
    });
  }

  close(fd: number): Reply {
    return this.#on(fd, (s) => {
      this.#socks.delete(fd);
      for (const child of s.queue) this.#release(child);
      this.#release(s);
      return OK;
    });
  }

  shutdown(fd: number, how: number): Reply {
    return this.#on(fd, (s) => {
      if (how > 2 || how < 0) return failed('EINVAL');
      if (s.kind !== 'stream' || s.phase === 'gone') return failed('ENOTCONN');
      if (how !== linux.SHUT_WR) s.readShut = true;
      if (how === linux.SHUT_RD || s.writeShut) return OK;
      s.writeShut = true;
      this.#turn((core, now) => core.callClose(s.row, now));
      return OK;
    });
  }

  fcntl(fd: number, command: number, value: number): Reply {
    return this.#on(fd, (s) => {
      if (command === linux.F_GETFL) return { result: linux.O_RDWR | (s.nonblocking ? linux.O_NONBLOCK : 0) };
      if (command !== linux.F_SETFL) return failed('EINVAL');
      s.nonblocking = (value & linux.O_NONBLOCK) !== 0;
      return OK;
    });
  }

  ioctl(fd: number, request: number): Reply {
    return this.#on(fd, (s) => {
      if (s.kind === 'listener') return failed('EINVAL');
      if (request === linux.SIOCINQ) return { result: 0, bytes: linux.int32(unread(s)) };
      if (request !== linux.SIOCOUTQ) return failed('EINVAL');
      return { result: 0, bytes: linux.int32(s.row < 0 ? 0 : this.#host().core.sendQueued(s.row)) };
    });
  }

  getsockopt(fd: number, level: number, name: number, room: number): Reply {
    return this.#on(fd, (s) => getOption(this.#host().core, s, level, name, room));
  }

  setsockopt(fd: number, level: number, name: number, bytes: Uint8Array): Reply {
    return this.#on(fd, (s) => {
      let reply = OK;
      this.#turn((core, now) => {
        reply = setOption(core, s, level, name, bytes, now);
        return 0;
      });
      return reply;
    });
  }

  /** `bytes`: an array of struct pollfd. `until`: virtual time at which it gives up. */
  poll(bytes: Uint8Array, until: number): Call {
    const fds = Buffer.from(bytes);
    return () => {
      let ready = 0;
      for (let at = 0; at + 8 <= fds.length; at += 8) {
        const s = this.#socks.get(fds.readInt32LE(at));
        const asked = fds.readUInt16LE(at + 4) | linux.POLLERR | linux.POLLHUP | linux.POLLNVAL;
        const found = (s === undefined ? linux.POLLNVAL : this.#readiness(s)) & asked;
        fds.writeUInt16LE(found, at + 6);
        if (found !== 0) ready++;
      }
      return ready > 0 || this.#host().clock.now() >= until ? { result: ready, bytes: fds } : undefined;
    };
  }

  // ---- inside -------------------------------------------------------------------------------------------------------

  #add(domain: number, nonblocking: boolean): Sock {
    const s = makeSock(this.#nextFd++, domain, nonblocking);
    this.#socks.set(s.fd, s);
    return s;
  }

  #on(fd: number, act: (s: Sock) => Reply): Reply {
    const s = this.#socks.get(fd);
    return s === undefined ? failed('EBADF') : act(s);
  }

  #waiting(fd: number, act: (s: Sock) => Reply | undefined): Call {
    const s = this.#socks.get(fd);
    return s === undefined ? done(failed('EBADF')) : () => act(s);
  }

  #turn(act: (core: Host['core'], now: number) => unknown): number {
    const host = this.#host();
    let result = 0;
    host.turn(() => {
      const got = act(host.core, host.clock.now());
      if (typeof got === 'number') result = got;
    });
    host.settle();
    return result;
  }

  #tie(s: Sock, row: number): void {
    s.row = row;
    this.#rows.set(row, s);
  }

  #connect(s: Sock, bytes: Uint8Array): Reply | undefined {
    if (s.phase === 'connecting') return failed('EALREADY');
    if (s.kind !== 'fresh') return failed('EISCONN');
    const to = linux.readSockaddr(bytes);
    if (to === undefined) return failed('EINVAL');
    const own = s.bound ?? { address: new Int32Array(4), port: 0 };
    s.kind = 'stream';
    s.phase = 'connecting';
    const row = this.#turn((core, now) => {
      const made = core.callConnect(own.address, own.port, to.address, to.port, openOptions(s), now);
      if (made >= 0) this.#tie(s, made);
      return made;
    });
    if (row >= 0) return undefined;
    s.kind = 'fresh';
    s.phase = 'idle';
    return coreFailed(row);
  }

  /** An error is told once. */
  #troubled(s: Sock): Reply | undefined {
    if (s.error === 0) return undefined;
    const reply = coreFailed(s.error);
    s.error = 0;
    return reply;
  }

  #take(s: Sock, room: number, peek: boolean): Buffer {
    const all = Buffer.concat(s.text);
    const bytes = all.subarray(0, room);
    if (peek || bytes.length === 0) return bytes;
    s.text.length = 0;
    if (bytes.length < all.length) s.text.push(all.subarray(bytes.length));
    if (s.row >= 0) this.#turn((core) => core.callConsumed(s.row, bytes.length));
    return bytes;
  }

  /** MSG_MORE corks for one call. */
  #send(s: Sock, bytes: Uint8Array, from: number, flags: number): number {
    return this.#turn((core, now) => {
      if (flags & linux.MSG_OOB) return core.callSendUrgent(s.row, bytes, from, bytes.length - from, now);
      core.callCork(s.row, (flags & linux.MSG_MORE) !== 0 || corked(s));
      return core.callSend(s.row, bytes, from, bytes.length - from, now);
    });
  }

  #release(s: Sock): void {
    if (s.row < 0) return;
    const reset = s.phase === 'connecting' || (s.kind === 'stream' && (lingersNot(s) || unread(s) > 0));
    this.#turn((core, now) => {
      if (reset) return core.callAbort(s.row, now);
      if (!s.writeShut) core.callClose(s.row, now);
      return s.kind === 'stream' && s.row >= 0 ? core.callGiveUpReading(s.row, now) : 0;
    });
  }

  #readiness(s: Sock): number {
    if (s.kind === 'listener') return s.queue.length > 0 ? linux.POLLIN | linux.POLLRDNORM : 0;
    if (s.kind === 'fresh') return linux.POLLOUT | linux.POLLHUP;
    const over = s.phase === 'gone';
    const inward = s.ended || s.readShut || over;
    const room = s.phase === 'open' && !s.full;
    return (
      (unread(s) > 0 || inward ? linux.POLLIN | linux.POLLRDNORM : 0) |
      (inward ? linux.POLLRDHUP : 0) |
      (room || over ? linux.POLLOUT | linux.POLLWRNORM : 0) |
      (s.error !== 0 ? linux.POLLERR : 0) |
      (over || (inward && s.writeShut) ? linux.POLLHUP : 0)
    );
  }

  #event(w: Int32Array): void {
    const [type, row] = w as unknown as readonly [number, number];
    if (type === codes.EV_ACCEPT) return this.#arrived(row, w[3]!);
    const s = this.#rows.get(row);
    if (s === undefined) return;
    if (type === codes.EV_CONNECT) s.phase = 'open';
    else if (type === codes.EV_END) s.ended = true;
    else if (type === codes.EV_DRAIN) s.full = false;
    else if (type === codes.EV_DATA) {
      const host = this.#host();
      const memory = w[3] === codes.REGION_ARENA ? host.core.arena : host.link.rxMemory;
      s.text.push(Buffer.from(memory.slice(w[4]!, w[4]! + w[5]!)));
    } else if (type === codes.EV_CLOSED) {
      this.#rows.delete(row);
      s.row = -1;
      s.phase = 'gone';
      if (w[3] !== 0 && w[3] !== codes.ECONNABORTED) s.error = w[3]!;
    }
  }

  #arrived(row: number, listener: number): void {
    const from = this.#rows.get(listener);
    if (from === undefined) return;
    const address = new Int32Array(4);
    const port = this.#host().core.endpoint(row, 1, address);
    const s = makeSock(this.#nextFd++, from.domain, false);
    s.kind = 'stream';
    s.phase = 'open';
    s.bound = { address, port };
    for (const [name, value] of from.options) s.options.set(name, value);
    s.congestion = from.congestion;
    this.#tie(s, row);
    from.queue.push(s);
  }
}
