/** A world made from a seed: two hosts, the paths between them and how they change, and what their applications do. */
import type { TcpDefaults } from '../../../src/core/stack-core.ts';
import { type Impairments, SeededRng, type SimLinkOptions } from '../../../src/link/sim.ts';
import type { Plan } from '../../property/pair/end.ts';

export interface Flow {
  /** The host that opens; both do when `crossed`. */
  readonly from: 0 | 1;
  /** µs after the world begins. */
  readonly at: number;
  readonly crossed: boolean;
  /** Of the host that opens, and of the other. */
  readonly plans: readonly [Plan, Plan];
  /** Each user changes a setting about once in as many µs; 0 = never. */
  readonly meddles: number;
}

/** What the path does from `at` on. */
export interface Weather {
  readonly at: number;
  readonly faults: readonly [Partial<Impairments>, Partial<Impairments>];
}

export interface World {
  readonly seed: number;
  readonly v6: boolean;
  readonly cards: readonly [SimLinkOptions, SimLinkOptions];
  readonly tcp: readonly [Partial<TcpDefaults>, Partial<TcpDefaults>];
  /** µs that the clocks of the hosts are ahead: near the ends of 32-bit counters, too. */
  readonly ahead: readonly [number, number];
  /** Memory of each host for what is sent and what waits out of order. */
  readonly arenaBytes: number;
  readonly weather: readonly Weather[];
  /** Share of the ECN-capable packets that a router marks. */
  readonly marks: readonly [number, number];
  /** A router that clears the ECN field. */
  readonly bleaches: readonly [boolean, boolean];
  readonly flows: readonly Flow[];
  /** Everything is looked at after every n-th turn. */
  readonly checkEvery: number;
}

const S = 1e6;
const CONTROLLERS = ['newreno', 'cubic', 'bbr', 'dctcp'] as const;

class Dice {
  readonly rng: SeededRng;

  constructor(seed: number) {
    this.rng = new SeededRng(seed);
  }

  one<T>(...of: readonly T[]): T {
    return of[this.rng.below(of.length)]!;
  }

  chance(p: number): boolean {
    return this.rng.chance(p);
  }

  /** In a third of all worlds something between 0 and `max`, else nothing. */
  share(max: number): number {
    return this.chance(0.33) ? Math.round(this.rng.float() * max * 1e4) / 1e4 : 0;
  }

  /** From `least` to `most`, each order of magnitude as likely as another. */
  scale(least: number, most: number): number {
    return Math.round(Math.exp(Math.log(least) + this.rng.float() * (Math.log(most) - Math.log(least))));
  }
}

/** How much text a world can carry in a sensible number of events. */
interface Scope {
  readonly delay: number;
  readonly rate: number;
  readonly mtu: number;
  readonly calm: boolean;
}

function scopeOf(d: Dice, v6: boolean): Scope {
  return {
    delay: d.one(0, 1, d.scale(1, 1000), d.scale(1000, 100_000), d.scale(1000, 100_000), d.scale(100_000, 5 * S)),
    rate: d.one(0, 0, 1e9, 1e8, 1e7, 1e6, 1e5),
    mtu: d.one(1500, 1500, 1500, 9000, 1280, v6 ? 1280 : d.one(88, 100, 296, 576, d.scale(88, 1500))),
    calm: d.chance(0.25),
  };
}

function faultsOf(d: Dice, s: Scope, v6: boolean, probing: boolean): Partial<Impairments> {
  const steady = { delay: Math.round(s.delay * (0.5 + d.rng.float())), ...(s.rate > 0 ? { rate: s.rate } : {}) };
  const queue = s.rate > 0 ? { queuePackets: d.one(3, 10, 100, 1000) } : {};
  if (s.calm) return { ...steady, ...queue };
  const least = v6 ? 1280 : Math.min(s.mtu, 576);
  // Without probing, large packets that vanish in silence end a connection, as they should.
  const narrow =
    d.chance(0.25) && s.mtu > least
      ? { mtu: least + d.rng.below(s.mtu - least), tellsMtu: probing ? d.chance(0.5) : true }
      : {};
  return {
    ...steady,
    ...queue,
    ...narrow,
    loss: d.share(0.15),
    duplicate: d.share(0.2),
    corrupt: d.share(0.05),
    reorder: d.share(0.3),
    reorderBy: d.scale(1, 2 * s.delay + 1000),
    jitter: d.one(0, 0, d.scale(1, s.delay + 1000)),
  };
}

function cardOf(d: Dice, s: Scope): SimLinkOptions {
  return {
    mtu: s.mtu,
    offload: d.one('none', 'cut', 'super'),
    merge: d.chance(0.5),
    batchWindow: d.one(0, 0, 0, 50, 2000),
  };
}

function tcpOf(d: Dice, probing: boolean): Partial<TcpDefaults> {
  const buffer = (): number => d.one(2048, d.scale(600, 1 << 20), 20_000, 1 << 20, 1 << 20);
  return {
    congestion: d.one(...CONTROLLERS),
    pacing: d.chance(0.25),
    ecn: d.one('off', 'accept', 'on', 'accurate'),
    timestamps: d.chance(0.7),
    sack: d.chance(0.75),
    windowScaling: d.chance(0.7),
    noDelay: d.chance(0.4),
    delayedAck: d.one(0, 40, 40, 200),
    minRto: d.one(200, 200, 20, 1000),
    mtuProbing: probing,
    sendBuffer: buffer(),
    receiveBuffer: buffer(),
    initialWindow: d.one(1024, 5000, 65536, 65536),
    notSentLowat: d.one(0, 0, 4096),
    userTimeoutOption: d.chance(0.2),
    rfc1337: d.chance(0.8),
  };
}

/** How much text goes one way, so that a world takes some tens of thousands of events at most. */
function sizeOf(d: Dice, s: Scope): number {
  const segments = Math.max(1, s.mtu - 60);
  const slow = s.delay > S || (s.rate > 0 && s.rate < 1e6);
  const most = Math.min(slow ? 60_000 : 600_000, 400 * segments);
  return d.one(0, d.rng.below(3000), d.scale(1, most), d.scale(1000, most + 1000));
}

function planOf(d: Dice, s: Scope): Plan {
  const write = d.one(1, 100, 1460, 5000, 70_000, 70_000);
  const size = sizeOf(d, s);
  const pauses = d.chance(0.3);
  return {
    size: write < 100 ? Math.min(size, 1500) : write < 1000 ? Math.min(size, 30_000) : size,
    write,
    writePause: pauses ? d.share(0.5) : 0,
    pauseUs: d.scale(1, d.one(100_000, 5 * S, 90 * S)),
    // A reader that stops closes the window.
    readPause: d.one(0, 0, 0, d.share(0.3), 0.7),
    closeLast: d.chance(0.4),
  };
}

function flowOf(d: Dice, s: Scope): Flow {
  const a = planOf(d, s);
  const b = planOf(d, s);
  const end = (p: Plan): Plan => (d.chance(0.06) ? { ...p, abortAt: d.scale(1, 10 * S) } : p);
  // Somebody has to close first.
  const plans = [end(a), end(a.closeLast ? { ...b, closeLast: false } : b)] as const;
  const meddles = d.chance(0.2) ? d.scale(1000, 20 * S) : 0;
  return { from: d.one(0, 1), at: d.one(0, 0, d.rng.below(3 * S)), crossed: d.chance(0.12), plans, meddles };
}

function weatherOf(d: Dice, s: Scope, v6: boolean, probing: boolean): Weather[] {
  const faults = (scope: Scope): Weather['faults'] => [
    faultsOf(d, scope, v6, probing),
    d.chance(0.5) ? { delay: Math.round(scope.delay) } : faultsOf(d, scope, v6, probing),
  ];
  const all: Weather[] = [{ at: d.one(0, 0, d.scale(1, S)), faults: faults(s) }];
  for (let at = S; d.chance(0.3); at += S) {
    at += d.scale(1000, 20 * S);
    // The path is gone for a while, or another one takes its place.
    if (d.chance(0.4)) {
      all.push({ at, faults: [{ blackhole: true }, { blackhole: d.chance(0.5) }] });
      at += d.scale(1000, 40 * S);
    }
    all.push({ at, faults: faults({ ...s, delay: Math.round(s.delay * d.one(0.1, 1, 1, 3)) }) });
  }
  return all;
}

/**
 * With the user timeout option each end waits no longer than the other asks: five minutes, five tries of an RTO of a minute. Where a
 * fifth of all packets is lost that ends connections now and then, as it should; worlds are to tell faults from luck.
 */
function patient(world: World): World {
  const lossy = world.weather.some(({ faults }) => faults.some(({ loss = 0, corrupt = 0 }) => loss + corrupt > 0.03));
  if (!lossy) return world;
  const [a, b] = world.tcp;
  return {
    ...world,
    tcp: [
      { ...a, userTimeoutOption: false },
      { ...b, userTimeoutOption: false },
    ],
  };
}

export function worldOf(seed: number): World {
  const d = new Dice(seed);
  const v6 = d.chance(0.5);
  const s = scopeOf(d, v6);
  const probing = d.chance(0.85);
  const count = d.one(1, 1, 1, 2, 3, d.scale(2, 12));
  const clock = (): number =>
    d.one(0, 0, 2 ** 32 - 5 * S, (2 ** 31 - 20_000) * 1000, (2 ** 32 - 20_000) * 1000, 1.7e15);
  return patient({
    seed,
    v6,
    cards: [cardOf(d, s), cardOf(d, s)],
    tcp: [tcpOf(d, probing), tcpOf(d, probing)],
    ahead: [clock(), clock()],
    arenaBytes: d.one(8 << 20, 8 << 20, 8 << 20, d.scale(1 << 20, 2 << 20)),
    weather: weatherOf(d, s, v6, probing),
    marks: [d.share(0.3), d.share(0.3)],
    bleaches: [d.chance(0.07), d.chance(0.07)],
    flows: Array.from({ length: count }, () => flowOf(d, s)),
    checkEvery: count > 3 ? 20 : d.one(1, 5),
  });
}
