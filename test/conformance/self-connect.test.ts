/** A connection to its own socket: the SYN comes back and looks like a simultaneous open (RFC 9293 §A.2). */
import { expect, test } from 'vitest';
import { EV_CLOSED, EV_CONNECT, EV_DATA, EV_END, EVENT_WORDS } from '../../src/core/events.ts';
import { StackCore } from '../../src/core/stack-core.ts';
import { stateName } from '../../src/core/tcp/figure5.ts';
import { Loopback } from '../../src/link/loopback.ts';
import { SeededRng, VirtualClock } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { SCRIPT_DEFAULTS } from './script/index.ts';

function alone() {
  const clock = new VirtualClock(1_000_000);
  const alarm = clock.alarm();
  const link = new Loopback({ later: (fn) => clock.schedule(clock.now(), fn), ringBytes: 1 << 18 });
  const core = new StackCore({
    links: [link],
    memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
    rng: new SeededRng(3),
    maxConnections: 16,
    arenaBytes: 1 << 20,
    tcp: SCRIPT_DEFAULTS,
  });
  const seen: number[] = [];
  let delivered = '';
  const turn = (happens: () => void): void => {
    happens();
    for (let n = 0; n < core.events.count; n++) {
      const w = core.events.words.subarray(n * EVENT_WORDS);
      seen.push(w[0]!);
      if (w[0] === EV_DATA) delivered += Buffer.from(link.rxMemory.subarray(w[4]!, w[4]! + w[5]!)).toString();
    }
    core.events.count = 0;
    for (let n = core.pollTransmit(0, clock.now()); n > 0; n = core.pollTransmit(0, clock.now())) link.flush(n);
    core.pollEnd();
    alarm.setAlarm(core.pollAlarm(), () => turn(() => core.handleTimers(clock.now())));
  };
  link.start((n) => turn(() => core.handleBurst(0, n, clock.now())));
  const run = (ms: number, happens: () => void = () => {}): void => {
    turn(happens);
    clock.advance(ms * 1000);
  };
  return { core, clock, run, seen, delivered: () => delivered };
}

test.each(['127.0.0.1', '::1'])(
  'self-connect to %s: one connection that talks to itself [T294] [T269] [UNTAGGED-12]',
  (host) => {
    const { core, clock, run, seen, delivered } = alone();
    const address = parseAddress(host);
    let row = -1;
    run(10, () => {
      row = core.callConnect(address, 7777, address, 7777, {}, clock.now());
    });
    const state = (): string => stateName(core.state(row, core.generation(row)));
    expect(state()).toBe('ESTABLISHED');
    expect(seen).toEqual([EV_CONNECT]);
    run(100, () => core.callSend(row, Buffer.from('echo'), 0, 4, clock.now()));
    expect(delivered()).toBe('echo');
    run(100, () => core.callClose(row, clock.now()));
    // Its own FIN crosses itself: CLOSING, then TIME-WAIT.
    expect(stateName(core.state(core.find(address, 7777, address, 7777), 0))).toBe('TIME_WAIT');
    expect(seen.filter((type) => type === EV_END || type === EV_CLOSED)).toEqual([EV_END, EV_CLOSED]);
    const segments = core.counters.outSegs;
    run(70_000);
    expect(core.find(address, 7777, address, 7777)).toBe(-1);
    expect(core.counters.outSegs).toBe(segments);
  },
);
