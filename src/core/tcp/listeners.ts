/** LISTEN rows by port. Exact addresses win over the unspecified one (RFC 9293 §3.9.1.1). */
import { ROW_LADDR, ROW_WORDS } from '../../wire/abi.ts';
import { PORT_NEXT, PORTS } from './tcb.ts';

/** `::`: any address of either family. */
export function isAny(words: Int32Array, at: number): boolean {
  return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
}

function isAny4(words: Int32Array, at: number): boolean {
  return words[at]! === 0 && words[at + 1]! === 0 && words[at + 2]! === 0xffff && words[at + 3]! === 0;
}

function sameAddress(a: Int32Array, i: number, b: Int32Array, j: number): boolean {
  return a[i] === b[j] && a[i + 1] === b[j + 1] && a[i + 2] === b[j + 2] && a[i + 3] === b[j + 3];
}

export class Listeners {
  private readonly rows: Int32Array;
  /** Head of the list of each port: row + 1, so that an untouched table means "none". */
  private readonly byPort = new Int32Array(65536);

  /** How many there are. */
  count = 0;

  constructor(rows: Int32Array) {
    this.rows = rows;
  }

  add(row: number, port: number): void {
    this.rows[row * ROW_WORDS + PORT_NEXT] = this.byPort[port]! - 1;
    this.byPort[port] = row + 1;
    this.count++;
  }

  remove(row: number): void {
    this.count--;
    const port = this.rows[row * ROW_WORDS + PORTS]! >>> 16;
    const next = this.rows[row * ROW_WORDS + PORT_NEXT]!;
    let at = this.byPort[port]! - 1;
    if (at === row) {
      this.byPort[port] = next + 1;
      return;
    }
    while (at >= 0) {
      const word = at * ROW_WORDS + PORT_NEXT;
      at = this.rows[word]!;
      if (at === row) this.rows[word] = next;
    }
  }

  /** The listener for a destination address and port, or -1. */
  find(addr: Int32Array, at: number, port: number): number {
    let any = -1;
    for (let row = this.byPort[port]! - 1; row >= 0; row = this.rows[row * ROW_WORDS + PORT_NEXT]!) {
      const own = row * ROW_WORDS + ROW_LADDR;
      if (sameAddress(this.rows, own, addr, at)) return row;
      if (isAny(this.rows, own) || (isAny4(this.rows, own) && addr[at + 2] === 0xffff)) any = row;
    }
    return any;
  }

  /** A listener on exactly this address and port, or -1. */
  exact(addr: Int32Array, at: number, port: number): number {
    for (let row = this.byPort[port]! - 1; row >= 0; row = this.rows[row * ROW_WORDS + PORT_NEXT]!) {
      if (sameAddress(this.rows, row * ROW_WORDS + ROW_LADDR, addr, at)) return row;
    }
    return -1;
  }

  has(port: number): boolean {
    return this.byPort[port] !== 0;
  }
}
