/** The other end of a broker: what `usertcp open` handed down, as seen by the process without rights. */
import { Socket } from 'node:net';
import { StackError } from '../errors.ts';
import type { Arrangement } from './arrangement.ts';
import { lines, type Notice, PASSED_ON, type Reply, type Request } from './broker.ts';
import type { Wish } from './plan.ts';
import { PortSet } from './port-set.ts';

export class Brokered {
  readonly #stream: Socket;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  #last = 0;

  /** `stream`: the other end of one that a broker serves. */
  constructor(stream: Socket) {
    this.#stream = stream;
    this.#stream.on('error', () => {});
    void this.#read();
    this.#stream.unref();
  }

  static inherited(fd: number): Brokered {
    return new Brokered(new Socket({ fd, readable: true, writable: true }));
  }

  async arrange({ device: _, ...wish }: Wish, selfTest: boolean): Promise<Arrangement> {
    const asked = this.#ask({ ask: 'arrange', wish: { ...wish, ports: wish.ports.toString() }, selfTest });
    const { arranged } = await asked.reply;
    const { plan, warnings } = arranged!;
    return {
      plan: { ...plan, claimed: plan.claimed === undefined ? undefined : PortSet.parse(plan.claimed) },
      warnings,
      offences: async () => (await this.#ask({ ask: 'offences', of: asked.id }).reply).offences ?? [],
      // A broker that is gone has undone it.
      release: () => this.#ask({ ask: 'release', of: asked.id }).reply.catch(() => {}) as Promise<void>,
    };
  }

  #ask(request: Omit<Request, 'id'>): { id: number; reply: Promise<Reply> } {
    const id = ++this.#last;
    const reply = new Promise<Reply>((resolve, reject) => {
      if (this.#stream.destroyed) return reject(gone());
      this.#waiting.set(id, { resolve, reject });
      this.#stream.ref();
      this.#stream.write(`${JSON.stringify({ ...request, id })}\n`);
    });
    return { id, reply };
  }

  async #read(): Promise<void> {
    for await (const line of lines(this.#stream)) {
      const reply = JSON.parse(line) as Reply | Notice;
      if ('signal' in reply) {
        if (PASSED_ON.includes(reply.signal)) process.kill(process.pid, reply.signal);
        continue;
      }
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) this.#stream.unref();
      if (reply.error === undefined) waiting?.resolve(reply);
      else waiting?.reject(asError(reply.error));
    }
    this.#stream.destroy();
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }
}

function asError({ message, code }: NonNullable<Reply['error']>): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function gone(): StackError {
  return new StackError(
    'ERR_USERTCP_NFT',
    '`usertcp open`, which arranges things with the kernel for this process, is gone, and its rules with it',
  );
}
