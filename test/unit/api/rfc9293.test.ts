/** What RFC 9293 §3.9.1 wants an application to be able to do and to learn, by the API, between two hosts of the simulator. */
import { expect, test } from 'vitest';
import { ECONNRESET, ETIMEDOUT } from '../../../src/core/events.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Connection } from '../../../src/shell/connection.ts';
import type { SystemError } from '../../../src/shell/errors.ts';
import { softError } from '../../../src/shell/soft-error.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

interface Pair {
  readonly w: World;
  readonly a: Stack;
  readonly b: Stack;
}

async function pair(body: (p: Pair) => Promise<void>): Promise<void> {
  const w = new World({ seed: 5 });
  const a = w.host('10.0.0.1/24');
  const b = w.host('10.0.0.2/24');
  try {
    await body({ w, a, b });
  } finally {
    await w.close();
  }
}

/** A connection of a to a handler on b, and b's end of it. */
async function connect({ w, a, b }: Pair, handlers: Parameters<Stack['serve']>[1]): Promise<[Connection, Conn]> {
  let theirs: Conn | undefined;
  b.serve(80, { ...handlers, open: (c) => void (theirs = c) });
  const ours = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.runUntil(() => theirs !== undefined);
  return [ours, theirs!];
}

test('soft errors: retransmissions past R1 are told, the connection lives [MUST-47] [SHLD-9]', () =>
  pair(async (p) => {
    const told: Error[] = [];
    const [ours, theirs] = await connect(p, { softError: (_c, error) => told.push(error) });
    ours.onSoftError = (error) => told.push(error);
    p.w.link(p.a, p.b, { loss: 1 });
    theirs.write('anybody?');
    void ours.write('anybody?');
    await p.w.run(20_000);
    // Both ends have text that nobody acknowledges; later the neighbour counts as gone, too.
    expect(told.filter((e) => (e as SystemError).code === 'ETIMEDOUT')).toHaveLength(2);
    expect(ours.state).toBe('ESTABLISHED');
  }));

test('soft errors: nobody has to listen [SHLD-20]', () =>
  pair(async (p) => {
    const [ours] = await connect(p, {});
    p.w.link(p.a, p.b, { loss: 1 });
    void ours.write('anybody?');
    await p.w.run(20_000);
    expect(ours.state).toBe('ESTABLISHED');
  }));

test('soft errors: an ICMP error shows type and code [SHLD-25] [MUST-47]', () => {
  expect(softError((1 << 31) | (11 << 8) | 1)).toMatchObject({ code: 'ERR_USERTCP_ICMP', icmpType: 11, icmpCode: 1 });
  expect(softError((1 << 31) | (3 << 8))).toMatchObject({ icmpType: 3, icmpCode: 0 });
  expect(softError(ETIMEDOUT)).toMatchObject({ code: 'ETIMEDOUT' });
  expect(softError(ECONNRESET)).toMatchObject({ code: 'ECONNRESET' });
});

test('urgent data: told, counted, and over once it was read [MUST-30] [MUST-32] [MUST-33]', () =>
  pair(async (p) => {
    const seen: string[] = [];
    const [ours, theirs] = await connect(p, {
      urgent: (c, what) => seen.push(`urgent ${what} ${c.bytesToUrgentMark}`),
      data: (_c, chunk) => seen.push(`data ${chunk}`),
    });
    expect(ours.sendUrgent(Buffer.from('stop!'))).toBe(5);
    await p.w.run(100);
    expect(seen).toEqual(['urgent 0 5', 'data stop!', 'urgent 2 0']);
    expect(theirs.bytesToUrgentMark).toBe(0);
  }));

test('an orderly end is told apart from an abort [MUST-12]', () =>
  pair(async (p) => {
    for (const [how, told] of [
      ['end', ['end', 'close null']],
      ['abort', ['close ECONNRESET']],
    ] as const) {
      const seen: string[] = [];
      const w = p.w;
      p.b.serve(how === 'end' ? 81 : 82, {
        end: (c) => {
          seen.push('end');
          c.end();
        },
        close: (_c, error) => seen.push(`close ${error === null ? null : (error as { code?: string }).code}`),
      });
      const conn = await w.settle(p.a.open({ host: '10.0.0.2', port: how === 'end' ? 81 : 82 }));
      if (how === 'end') void conn.end();
      else conn.abort();
      await w.run(100_000);
      expect(seen).toEqual(told);
    }
  }));

test('both ways of closing: half a connection, or all of it with a RST for what nobody read [MAY-1] [SHLD-3]', () =>
  pair(async (p) => {
    const { w, a, b } = p;
    b.serve(80, { open: (c) => c.write('unread'), close: (_c, error) => void (lost = error) });
    let lost: Error | null | undefined;
    const half = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
    half.closeWrite();
    expect(String(await w.settle(half.read()))).toBe('unread');
    expect(await w.settle(half.read())).toBe(null);
    await w.runUntil(() => lost !== undefined);
    expect(lost).toBe(null);
    const whole = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
    await w.run(10);
    await whole[Symbol.asyncDispose]();
    await w.run(10);
    expect(lost).toMatchObject({ code: 'ECONNRESET' });
  }));

test('Diffserv and TTL: set, changed, seen by the peer [MUST-48] [SHLD-21] [MAY-9] [MUST-49]', () =>
  pair(async (p) => {
    const [ours, theirs] = await connect(p, { data: () => {} });
    ours.setTypeOfService(0x28);
    void ours.write('x');
    await p.w.run(100);
    expect(theirs.receivedTypeOfService).toBe(0x28);
    ours.setTypeOfService(0x48);
    void ours.write('x');
    await p.w.run(100);
    expect(theirs.receivedTypeOfService).toBe(0x48);
  }));

test('what was not sent yet is taken back [MAY-14]', () =>
  pair(async (p) => {
    let got = 0;
    const [ours, theirs] = await connect(p, { data: (_c, chunk) => void (got += chunk.length) });
    theirs.pause();
    void ours.write(Buffer.alloc(1 << 20));
    await p.w.run(1000);
    const gone = ours.discardUnsent();
    theirs.resume();
    ours.closeWrite();
    await p.w.run(10_000);
    expect(gone).toBeGreaterThan(0);
    expect(got + gone).toBe(1 << 20);
  }));

test('a low-water mark keeps what waits short, and everything still arrives [UNTAGGED-14]', async () => {
  const w = new World({ seed: 6 });
  const a = w.host('10.0.0.1/24', { tcp: { notSentLowat: 16_384 } });
  const b = w.host('10.0.0.2/24');
  let got = 0;
  b.serve(80, { data: (_c, chunk) => void (got += chunk.length) });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  void conn.write(Buffer.alloc(300_000));
  expect(conn.info()!.sndQueued).toBeLessThanOrEqual(16_384);
  await w.run(10_000);
  expect(got).toBe(300_000);
  await w.close();
});
