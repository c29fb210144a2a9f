/** A request of Node's that is answered later, in the async context of who made it. */
import { AsyncResource } from 'node:async_hooks';
import { surface } from '../surface.ts';
import type { Request } from './internals.ts';

export class Waiting {
  readonly req: Request;
  /** What a write from C++ has brought: copies that JSStream made, which nobody but us has seen. */
  readonly copies: Uint8Array[] | null;
  /** null: made in C++, which keeps the context itself. */
  readonly #resource: AsyncResource | null;

  constructor(req: Request, kind: string | null, copies: Uint8Array[] | null = null) {
    this.req = req;
    this.copies = copies;
    this.#resource = kind === null ? null : new AsyncResource(kind);
  }

  get native(): boolean {
    return this.#resource === null;
  }

  /** Calls `oncomplete`, unless it was taken back. What the program throws there is its own affair: a handler's error would end the connection. */
  answer(...args: [status: number, ...rest: unknown[]]): void {
    const { req } = this;
    try {
      this.#resource?.runInAsyncScope(() => req.oncomplete?.(...args));
    } catch (error) {
      surface(error);
    }
  }
}
