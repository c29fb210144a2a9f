/** Anything a network, an application and an option table may come up with. */
import fc from 'fast-check';
import type { TcpDefaults } from '../../../src/core/stack-core.ts';
import type { Impairments, SimLinkOptions } from '../../../src/link/sim.ts';
import type { Plan } from './end.ts';
import type { Case } from './run.ts';

const chance = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.double({ min: 0, max, noNaN: true }) });
const us = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max }));

export const faults: fc.Arbitrary<Partial<Impairments>> = fc.record({
  loss: chance(0.2),
  duplicate: chance(0.2),
  corrupt: chance(0.05),
  reorder: chance(0.3),
  reorderBy: us(100_000),
  delay: us(200_000),
  jitter: us(50_000),
  rate: fc.constantFrom(Infinity, Infinity, 1e9, 10e6, 1e6),
  queuePackets: fc.constantFrom(Infinity, 100, 10, 3),
});

export const card: fc.Arbitrary<SimLinkOptions> = fc.record({
  mtu: fc.constantFrom(1500, 1500, 1280, 9000),
  offload: fc.constantFrom('none', 'cut', 'super'),
  merge: fc.boolean(),
  batchWindow: fc.constantFrom(0, 0, 50, 2000),
});

export const tcp: fc.Arbitrary<Partial<TcpDefaults>> = fc.record({
  timestamps: fc.boolean(),
  sack: fc.boolean(),
  windowScaling: fc.boolean(),
  noDelay: fc.boolean(),
  delayedAck: fc.constantFrom(0, 40, 200),
  minRto: fc.constantFrom(200, 20, 1000),
  sendBuffer: fc.constantFrom(2048, 20_000, 1 << 20),
  receiveBuffer: fc.constantFrom(2048, 20_000, 1 << 20),
  initialWindow: fc.constantFrom(1024, 5000, 65536),
});

export const plan: fc.Arbitrary<Plan> = fc
  .record({
    size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 150_000 })),
    write: fc.constantFrom(1, 100, 1460, 5000, 70_000),
    writePause: chance(0.5),
    pauseUs: us(500_000).map((n) => n + 1),
    readPause: chance(0.3),
    closeLast: fc.boolean(),
  })
  .map((p) => (p.write < 100 ? { ...p, size: Math.min(p.size, 5000) } : p));

/** Somebody has to close first. */
const plans = fc
  .tuple(plan, plan)
  .map(([a, b]): readonly [Plan, Plan] => [a, a.closeLast ? { ...b, closeLast: false } : b]);

export const transfers: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  v6: fc.boolean(),
  faults: fc.tuple(faults, faults),
  early: fc.constant(false),
  cards: fc.tuple(card, card),
  tcp: fc.tuple(tcp, tcp),
  plans,
  simultaneous: fc.constantFrom(false, false, false, true),
});
