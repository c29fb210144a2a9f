/**
 * A peer that says anything at any time: segments with likely and with absurd numbers, flags and options, in bursts, mixed with
 * calls and the passing of time. Nothing may throw, loop or stay behind. Fails with the seed that did it.
 */
import { expect, test } from 'vitest';
import { LISTEN } from '../../src/core/tcp/figure5.ts';
import { SCRATCH_ROWS } from '../../src/core/tcp/rows.ts';
import { SeededRng } from '../../src/link/sim.ts';
import { decodeFrame, encodeFrame, type Packet } from '../conformance/script/frame.ts';
import { CoreBackend } from '../conformance/script/index.ts';
import type { Option } from '../conformance/script/options.ts';

const REMOTE = { 4: '10.0.0.9', 6: 'fd00::9' };
const PORTS = [1000, 1001, 1002];
const CALLS = ['send', 'send', 'close', 'abort', 'giveup', 'connect', 'nodelay', 'keepalive', 'read'];
const STEPS = 400;
const FIRST_ROW = SCRATCH_ROWS;
const ROWS = 16;

class Hostile {
  readonly backend: CoreBackend;
  readonly family: 4 | 6;
  readonly rng: SeededRng;
  /** What the stack last said to each port. */
  readonly last = new Map<number, Packet>();
  heard = 0;

  constructor(seed: number) {
    this.rng = new SeededRng(seed);
    this.family = this.rng.below(2) ? 4 : 6;
    const reading = this.rng.below(2) ? 'manual' : 'automatic';
    this.backend = new CoreBackend({ family: this.family, seed, reading, maxConnections: ROWS });
    this.call('listen', []);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.rng.below(list.length)]!;
  }

  tuple(): { local: string; lport: number; remote: string; rport: number } {
    return { local: this.backend.local, lport: 80, remote: REMOTE[this.family], rport: this.pick(PORTS) };
  }

  call(name: string, words: string[]): void {
    const text = new Uint8Array(1 + this.rng.below(5000));
    this.backend.call(this.tuple(), { name, words, text });
  }

  /** Near what the stack last said to this port, so that some of it is believed. */
  near(rport: number): { seq: number; ack: number } {
    for (; this.heard < this.backend.sent.length; this.heard++) {
      const said = decodeFrame(this.backend.sent[this.heard]!.bytes)!;
      this.last.set(said.dport, said);
    }
    const last = this.last.get(rport);
    const blur = this.pick([0, 0, 0, 1, -1, 100, 1460, 65_000, -70_000, 1 << 30, this.rng.u32()]);
    const blurAck = this.pick([0, 0, 0, 1, -1, 1460, -70_000, this.rng.u32()]);
    const { seq = 0, ack = 0, text = new Uint8Array(0), flags = 0 } = last?.segment ?? {};
    return { seq: (ack + blur) | 0, ack: (seq + text.length + (flags & 1) + ((flags >> 1) & 1) + blurAck) | 0 };
  }

  options(): Option[] {
    const value = (): number => this.rng.u32() | 0;
    const all: Option[] = [
      { kind: 'mss', value: this.pick([0, 1, 48, 536, 1460, 65_535]) },
      { kind: 'ws', value: this.pick([0, 7, 14, 15, 255]) },
      { kind: 'sackOK' },
      { kind: 'ts', val: value(), ecr: value() },
    ];
    return all.filter(() => this.rng.below(4) === 0);
  }

  frame(): Uint8Array {
    const rport = this.pick(PORTS);
    const { seq, ack } = this.near(rport);
    const likely = [0x10, 0x10, 0x10, 0x18, 0x02, 0x11, 0x04, 0x14, 0x12, 0x30];
    return encodeFrame({
      srcMac: this.backend.peerMac,
      dstMac: this.backend.mac,
      src: REMOTE[this.family],
      dst: this.backend.local,
      sport: rport,
      dport: this.pick([80, 80, 80, 81]),
      tos: 0,
      ttl: 64,
      segment: {
        seq,
        ack,
        reserved: this.rng.below(16) & this.rng.below(16),
        options: this.options(),
        flags: this.rng.below(3) ? this.pick(likely) : this.rng.below(256),
        window: this.pick([0, 0, 1, 100, 5000, 65_535]),
        urgent: this.pick([0, 1, 65_535]),
        text: new Uint8Array(this.pick([0, 0, 1, 10, 536, 1400])),
      },
    });
  }

  step(): void {
    const what = this.rng.below(10);
    if (what < 6) this.backend.inject(Array.from({ length: 1 + this.rng.below(4) }, () => this.frame()));
    else if (what < 8) this.call(this.pick(CALLS), this.pick([['on'], ['100', '50', '3'], ['urgent'], ['10']]));
    else this.backend.pass(this.backend.now() + this.rng.below(4) ** 4 * 100_000);
  }

  /** Aborts what is left and lets TIME_WAIT pass: only the listener may remain. */
  leftOver(): number[] {
    const { core } = this.backend;
    const rows = Array.from({ length: ROWS }, (_, n) => FIRST_ROW + n);
    for (const row of rows) {
      if (core.state(row, core.generation(row)) > LISTEN) core.callAbort(row, this.backend.now());
    }
    this.backend.call(this.tuple(), { name: 'status', words: [] }); // a turn, in which the resets leave
    this.backend.pass(this.backend.now() + 200_000_000);
    this.backend.call(this.tuple(), { name: 'status', words: [] });
    return rows.filter((row) => core.state(row, core.generation(row)) > LISTEN);
  }
}

const seeds = process.env.USERTCP_SLOW === '1' ? 500 : 60;

test(`${seeds} hostile peers break nothing and leave nothing behind`, { timeout: 300_000 }, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const hostile = new Hostile(seed);
      for (let n = 0; n < STEPS; n++) hostile.step();
      expect(hostile.leftOver()).toEqual([]);
      expect(hostile.backend.core.pollAlarm()).toBe(Infinity);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
