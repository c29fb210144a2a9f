// One peer who takes all he can get and gives nothing back, and fifty who only want to be served.
import { expect, test } from 'vitest';
import type { BudgetLimits } from '../../src/core/budget.ts';
import { ENOBUFS, EV_ACCEPT, EV_CLOSED, EV_CONNECT, EV_DATA, EV_DRAIN, EV_END } from '../../src/core/events.ts';
import { SimWire, VirtualClock } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { Host, type Listener } from '../property/pair/host.ts';

const S = 1_000_000;
const KIB = 1024;
const MIB = 1 << 20;
const ANSWER = 300 * KIB;
const GREEDY = 40;
const HONEST = 50;
const SERVER = '10.0.0.1';
const GREEDY_PEER = '10.0.0.2';
const honestPeer = (n: number): string => `10.0.0.${n + 10}`;

/** Answers every connection with ANSWER bytes and FIN. */
class Answer implements Listener {
  readonly host: Host;
  readonly row: number;
  readonly over: (reason: number) => void;
  left = ANSWER;

  constructor(host: Host, row: number, over: (reason: number) => void) {
    this.host = host;
    this.row = row;
    this.over = over;
  }

  event(type: number, a: number): void {
    const { core } = this.host;
    if (type === EV_CLOSED) this.over(a);
    if (type === EV_ACCEPT) core.callAccepted(this.row);
    if (type !== EV_ACCEPT && type !== EV_DRAIN) return;
    const piece = new Uint8Array(this.left);
    const taken = core.callSend(this.row, piece, 0, piece.length, this.host.now);
    this.left -= Math.max(0, taken);
    if (this.left === 0) core.callClose(this.row, this.host.now);
  }
}

class Client implements Listener {
  readonly host: Host;
  readonly row: number;
  readonly reads: boolean;
  received = 0;
  ended = false;

  constructor(host: Host, row: number, reads: boolean) {
    this.host = host;
    this.row = row;
    this.reads = reads;
  }

  event(type: number, _a: number, _b: number, length: number): void {
    const { core } = this.host;
    if (type === EV_CONNECT || type === EV_CLOSED) return;
    if (type === EV_DATA) {
      this.received += length;
      if (this.reads) core.callConsumed(this.row, length);
    }
    if (type === EV_END) {
      this.ended = true;
      core.callClose(this.row, this.host.now);
    }
  }
}

interface World {
  readonly clock: VirtualClock;
  readonly server: Host;
  readonly peers: Host;
  /** Reasons of the connections that ended, by the peer's last byte. */
  readonly ends: Map<number, number[]>;
  connect(from: string, reads: boolean): Client;
}

function world(budget: Partial<BudgetLimits>): World {
  const clock = new VirtualClock();
  const wire = new SimWire({ clock, seed: 5, impair: { delay: 1000, rate: 1e9 } });
  const addresses = [GREEDY_PEER, ...Array.from({ length: HONEST }, (_, n) => honestPeer(n))];
  const tcp = { msl: 100 };
  const more = { maxConnections: 512, arenaBytes: 64 * MIB, checkEvery: 1000 };
  const server = new Host(wire, { addresses: [`${SERVER}/24`], tcp, budget, seed: 1, ...more });
  const peers = new Host(wire, { addresses: addresses.map((a) => `${a}/24`), tcp, seed: 2, ...more });
  const ends = new Map<number, number[]>();
  server.listen(80, 512);
  server.accept = (row) => {
    const at = new Int32Array(4);
    server.core.endpoint(row, 1, at);
    const peer = at[3]! & 0xff;
    return new Answer(server, row, (reason) => ends.set(peer, [...(ends.get(peer) ?? []), reason]));
  };
  const connect = (from: string, reads: boolean): Client => {
    const row = peers.turn(() =>
      peers.core.callConnect(parseAddress(from), 0, parseAddress(SERVER), 80, {}, peers.now),
    );
    const client = new Client(peers, row, reads);
    peers.listeners.set(row, client);
    return client;
  };
  return { clock, server, peers, ends, connect };
}

/** The greedy take their place, then the honest come. Returns their clients once they were served, and how long that took. */
function serve(w: World): { clients: Client[]; took: number } {
  for (let n = 0; n < GREEDY; n++) w.connect(GREEDY_PEER, false);
  w.clock.run(w.clock.now() + S);
  const from = w.clock.now();
  const clients = Array.from({ length: HONEST }, (_, n) => w.connect(honestPeer(n), true));
  w.clock.runWhile(
    () => {
      const { budget } = w.server.t;
      if (budget.held > budget.limits.total) throw new Error(`${budget.held} bytes are held`);
      return clients.some((c) => !c.ended);
    },
    from + 60 * S,
  );
  return { clients, took: w.clock.now() - from };
}

const served = (clients: readonly Client[]): number => clients.filter((c) => c.received === ANSWER).length;

test('at the limit of the whole stack those go who hold more than their share and take nothing; everybody else is served', () => {
  const w = world({ total: 3 * MIB });
  const { clients, took } = serve(w);
  expect(served(clients)).toBe(HONEST);
  expect(took).toBeLessThan(15 * S);
  w.clock.run(w.clock.now() + S / 10);
  const evicted = w.server.t.counters.budgetEvictions;
  expect(evicted).toBeGreaterThan(0);
  expect(w.ends.get(2)).toEqual(Array.from({ length: evicted }, () => ENOBUFS));
  for (let n = 0; n < HONEST; n++) expect(w.ends.get(n + 10)).toEqual([0]);
});

test('without eviction nobody would be served: the memory is all the greedy peer’s', { timeout: 60_000 }, () => {
  const w = world({ total: 3 * MIB });
  (w.server.t as unknown as { eviction: object }).eviction = { searching: false, relieve: () => {} };
  const { clients } = serve(w);
  expect(served(clients)).toBeLessThan(HONEST);
});

test('with a limit per prefix nobody else notices, and nobody is reset', () => {
  const w = world({ perPrefix: MIB });
  const { clients, took } = serve(w);
  expect(served(clients)).toBe(HONEST);
  expect(took).toBeLessThan(S);
  expect(w.server.t.counters.budgetEvictions).toBe(0);
  w.clock.run(w.clock.now() + S);
  expect(w.server.t.budget.held).toBeLessThanOrEqual(MIB);
});

test('one who never reads does not starve the other connections of his own prefix', () => {
  const w = world({ perPrefix: MIB });
  for (let n = 0; n < GREEDY; n++) w.connect(GREEDY_PEER, false);
  w.clock.run(w.clock.now() + S);
  const good = w.connect(GREEDY_PEER, true);
  w.clock.runWhile(() => !good.ended, w.clock.now() + 60 * S);
  expect(good.received).toBe(ANSWER);
});

test('the limit of one LISTEN leaves the connections of another alone', () => {
  const w = world({ perListener: MIB });
  w.server.listen(81, 512);
  for (let n = 0; n < GREEDY; n++) w.connect(GREEDY_PEER, false);
  w.clock.run(w.clock.now() + S);
  expect(w.server.t.budget.held).toBeGreaterThan(MIB * 0.9);
  expect(w.server.t.budget.held).toBeLessThanOrEqual(MIB);
  const row = w.peers.turn(() =>
    w.peers.core.callConnect(parseAddress(honestPeer(0)), 0, parseAddress(SERVER), 81, {}, w.peers.now),
  );
  const other = new Client(w.peers, row, true);
  w.peers.listeners.set(row, other);
  w.clock.runWhile(() => !other.ended, w.clock.now() + S);
  expect(other.received).toBe(ANSWER);
});

test('a single peer that does not read is left alone: its own writer waits, and nobody else wants the room', () => {
  const w = world({ total: MIB });
  for (let n = 0; n < GREEDY; n++) w.connect(GREEDY_PEER, false);
  w.clock.run(w.clock.now() + 30 * S);
  expect(w.ends.get(2)).toBeUndefined();
});
