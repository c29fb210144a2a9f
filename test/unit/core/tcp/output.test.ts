// The ladder of what may leave, at its edges. The rules as a peer sees them stand in test/conformance/rfc9293-sending.test.ts.
import { describe, expect, test } from 'vitest';
import { ESTABLISHED, FIN_WAIT_1, SYN_SENT, TIME_WAIT } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { output, waitForHop } from '../../../../src/core/tcp/output.ts';
import { hold } from '../../../../src/core/tcp/reassembly.ts';
import { markAllLost } from '../../../../src/core/tcp/retransmission.ts';
import {
  F_ACK_NOW,
  F_DIRTY,
  F_FIN_QUEUED,
  F_FIN_SENT,
  F_NODELAY,
  F_SACK,
  TIMER_PERSIST,
  TIMER_REXMIT,
  TIMER_USER,
} from '../../../../src/core/tcp/row.ts';
import { ACK, FIN, PSH } from '../../../../src/wire/abi.ts';
import { type Bench, bench, IRS } from './bench.ts';
import { segment } from './bench-of-tables.ts';

/** Taken from the application, not sent yet. */
function write({ t, tcb }: Bench, bytes: number): void {
  expect(queueText(t, tcb, new Uint8Array(bytes).fill(7), 0, bytes)).toBe(bytes);
}

describe('room for the options of text [MUST-16]', () => {
  /** Holes before text that was received: each a SACK block of eight octets, and four for kind, length and padding. */
  function sacking(blocks: number): Bench {
    const b = bench();
    b.tcb.flags |= F_SACK | F_NODELAY;
    for (let n = 1; n <= blocks; n++) hold(b.t, b.tcb, segment(IRS + 1 + 1000 * n, new Uint8Array(10)));
    return b;
  }

  test.each([
    [0, 1000],
    [1, 988],
    [3, 972],
  ])('with %i SACK blocks a segment holds %i octets, new or again', (blocks, mss) => {
    const b = sacking(blocks);
    write(b, 2500);
    expect(output(b.t, b.tcb, 0)).toBe(true);
    const fresh = b.take();
    expect(fresh.reduce((sum, { len }) => sum + len, 0)).toBe(2500);
    for (const { len, gso } of fresh) expect(gso === 0 ? len <= mss : gso === mss).toBe(true);
    markAllLost(b.t, b.tcb);
    b.t.now += 1000;
    expect(output(b.t, b.tcb, 0)).toBe(true);
    const again = b.take();
    expect(again.length).toBeGreaterThan(0);
    for (const { len, gso } of again) expect(gso === 0 ? len <= mss : gso === mss).toBe(true);
  });
});

describe('FIN behind text [UNTAGGED-26]', () => {
  test.each([
    [101, [ACK | PSH, ACK | FIN]],
    [100, [ACK | PSH]],
  ])('into a window of %i, behind 100 octets', (window, flags) => {
    const b = bench();
    b.tcb.state = FIN_WAIT_1;
    b.tcb.flags |= F_FIN_QUEUED;
    b.tcb.sndWnd = window;
    write(b, 100);
    output(b.t, b.tcb, 0);
    const sent = b.take();
    const fin = sent.some((s) => s.flags & FIN);
    expect(fin).toBe(flags.some((f) => f & FIN));
    expect((b.tcb.flags & F_FIN_SENT) !== 0).toBe(fin);
    expect(sent.reduce((sum, { len }) => sum + len, 0)).toBe(100);
  });
});

test.each([
  [1, [FIN | ACK]],
  [0, []],
])('FIN alone, into a window of %i', (window, flags) => {
  const b = bench();
  b.tcb.state = FIN_WAIT_1;
  b.tcb.flags |= F_FIN_QUEUED;
  b.tcb.sndWnd = window;
  output(b.t, b.tcb, 0);
  expect(b.take().map((s) => s.flags)).toEqual(flags);
  expect(b.tcb.timer(TIMER_PERSIST) !== 0).toBe(window === 0); // probed later [MUST-36]
});

test('what a SYN carried in vain goes again, and the user timeout counts from there [MUST-21]', () => {
  const b = bench();
  b.send(1000);
  b.tcb.userTimeout = 5000;
  b.tcb.firstSentAt = 0; // the SYN was acknowledged alone
  b.tcb.setTimer(TIMER_REXMIT, 0);
  markAllLost(b.t, b.tcb);
  output(b.t, b.tcb, 0);
  expect([b.take().length, b.tcb.timer(TIMER_USER), b.tcb.firstSentAt]).toEqual([2, b.t.tick + 5000, b.t.tick]);
});

describe('a neighbour that is not known [MUST-20]', () => {
  const deadline = (b: Bench): number => {
    waitForHop(b.t, b.tcb);
    return b.tcb.timer(TIMER_PERSIST) === 0 ? 0 : b.tcb.timer(TIMER_PERSIST) - b.t.tick;
  };

  test('text or FIN that waits for it has a timer, one RTO from now', () => {
    const text = bench();
    text.tcb.rto = 700;
    write(text, 1);
    expect(deadline(text)).toBe(700);
    const fin = bench();
    fin.tcb.rto = 700;
    fin.tcb.flags |= F_FIN_QUEUED;
    expect(deadline(fin)).toBe(700);
  });

  test('the user timeout counts from there [MUST-21]', () => {
    const b = bench();
    b.tcb.userTimeout = 5000;
    deadline(b);
    expect(b.tcb.timer(TIMER_USER)).toBe(0);
    write(b, 1);
    deadline(b);
    b.t.tick += 100;
    deadline(b);
    expect([b.tcb.timer(TIMER_USER), b.tcb.firstSentAt]).toEqual([b.t.tick + 4900, b.t.tick - 100]);
  });

  test('without anything that waits there is none, nor a second one, nor one outside of a connection', () => {
    expect(deadline(bench())).toBe(0);
    for (const state of [SYN_SENT, TIME_WAIT]) {
      const b = bench();
      write(b, 1);
      b.tcb.state = state;
      expect(deadline(b)).toBe(0);
    }
    const b = bench();
    write(b, 1);
    b.tcb.setTimer(TIMER_REXMIT, b.t.tick + 50);
    expect(deadline(b)).toBe(0);
    b.tcb.setTimer(TIMER_REXMIT, 0);
    b.tcb.setTimer(TIMER_PERSIST, b.t.tick + 50);
    expect(deadline(b)).toBe(50);
  });
});

describe('a link whose buffer is full', () => {
  /** Room for as many descriptors; the reserve of the queue is not ours to use. */
  const narrow = (room: number): Bench => bench({ descriptors: 96 + 1 + room, maxPacket: 1000 });

  test('nothing is lost, and the rest goes with the next call', () => {
    const b = narrow(2);
    b.tcb.flags |= F_NODELAY;
    write(b, 5000);
    const seen: number[] = [];
    let calls = 0;
    for (let done = false; !done && calls < 20; calls++) {
      done = output(b.t, b.tcb, 0);
      seen.push(...b.take().map(({ seq }) => seq));
      b.t.out.take(0);
    }
    expect(calls).toBeGreaterThan(1);
    expect(seen).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(b.tcb.sndNxt).toBe(6000);
  });

  test('what is lost is sent again in as many calls as it takes', () => {
    const b = narrow(2);
    for (let n = 0; n < 4; n++) b.send(1000);
    b.take();
    markAllLost(b.t, b.tcb);
    const again: number[] = [];
    for (let done = false, calls = 0; !done && calls < 20; calls++) {
      done = output(b.t, b.tcb, 0);
      again.push(...b.take().map(({ seq }) => seq));
    }
    expect(again).toEqual([1000, 2000, 3000, 4000]);
    expect(b.t.counters.retransSegs).toBe(4);
  });

  test('an acknowledgment waits, and the row stays dirty', () => {
    const b = narrow(1);
    for (let n = 0; n < 4; n++) b.send(100);
    b.tcb.flags |= F_ACK_NOW | F_DIRTY;
    expect(output(b.t, b.tcb, 0)).toBe(false);
    expect(b.tcb.flags & (F_ACK_NOW | F_DIRTY)).toBe(F_ACK_NOW | F_DIRTY);
    b.take();
    expect([output(b.t, b.tcb, 0), b.tcb.state]).toEqual([true, ESTABLISHED]);
    expect(b.take()).toMatchObject([{ flags: ACK, len: 0 }]);
  });
});
