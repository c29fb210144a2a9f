// What stands between the stack and a controller: bounds, defaults, exchange, and what happens when one throws.
import { describe, expect, test, vi } from 'vitest';
import type { CongestionController } from '../../../../src/core/tcp/congestion/controller.ts';
import { newReno } from '../../../../src/core/tcp/congestion/newreno.ts';
import { controllers } from '../../../../src/core/tcp/congestion/registry.ts';
import { F_CWND_LIMITED, F_RECOVERY, F2_PACED } from '../../../../src/core/tcp/row.ts';
import { CC_STATE, FLIGHT_WORDS } from '../../../../src/core/tcp/tcb.ts';
import { bench, MSS } from './bench.ts';

const plain = (more: Partial<CongestionController> = {}): CongestionController => ({
  name: 'mine',
  open: () => {},
  onAck: () => {},
  onLossEvent: () => {},
  onRto: () => {},
  ...more,
});

describe('the view', () => {
  test('a window is whole bytes between one segment and 2^30, whatever is asked', () => {
    const { view } = bench(plain());
    for (const [asked, got] of [
      [0, MSS],
      [-1, MSS],
      [Number.NaN, MSS],
      [2000.7, 2000],
      [Number.POSITIVE_INFINITY, 1 << 30],
    ] as const) {
      view.cwnd = asked;
      view.ssthresh = asked;
      expect([view.cwnd, view.ssthresh]).toEqual([got, got]);
    }
  });

  test('a pacing rate is at least 16 bytes per second, and none for what is not a rate', () => {
    const { view } = bench(plain());
    view.pacingRate = 1;
    expect(view.pacingRate).toBe(16);
    view.pacingRate = 12_500_000_000;
    expect(view.pacingRate).toBe(12_500_000_000);
    for (const nothing of [0, -5, Number.NaN]) {
      view.pacingRate = nothing;
      expect(view.pacingRate).toBe(0);
    }
  });

  test('float64s lie on pairs of words', () => {
    const { view } = bench(plain());
    view.setFloat(15, Math.PI);
    expect(view.float(15)).toBe(Math.PI);
    expect(view.int(30) !== 0 || view.int(31) !== 0).toBe(true);
    expect(() => view.int(32)).toThrow(RangeError);
    expect(() => view.float(16)).toThrow(RangeError);
    // Blocks begin at multiples of FLIGHT_WORDS: the words must be aligned in each.
    expect([CC_STATE % 2, FLIGHT_WORDS % 2]).toEqual([0, 0]);
  });
});

describe('the registry', () => {
  test('names what it knows [MAY-18]', () => {
    const { control } = bench(newReno);
    expect(controllers[control.indexOf('newreno')]).toBe(newReno);
    expect(() => control.indexOf('vegas')).toThrow(/unknown congestion controller 'vegas'; known: newreno/);
  });

  test('one object has one place; hundreds of them are a mistake', () => {
    const { control } = bench(newReno);
    const mine = plain();
    expect(control.indexOf(mine)).toBe(control.indexOf(mine));
    expect(() => {
      for (let n = 0; n < 300; n++) control.indexOf(plain({ name: `mine${n}` }));
    }).toThrow(/256 congestion controllers/);
  });
});

describe('exchange', () => {
  test('the window stays, the words are zero, the new one takes charge', () => {
    const { control, tcb, view } = bench(newReno);
    tcb.cwnd = 50_000;
    view.setInt(0, 7);
    view.setInt(31, 7);
    const others = { sndUna: 1, srtt: 2, priorCwnd: 3, priorSsthresh: 4, rackFack: 5, undoSeq: 6, maxPacing: 8 };
    Object.assign(tcb, others);
    tcb.f32.fill(7, 0, FLIGHT_WORDS); // another connection's
    const open = vi.fn();
    control.change(tcb, plain({ open }), 5);
    expect([tcb.cwnd, view.int(0), view.int(31)]).toEqual([50_000, 0, 0]);
    expect(tcb).toMatchObject(others);
    expect(tcb.f32.subarray(0, FLIGHT_WORDS).every((word) => word === 7)).toBe(true);
    expect(open).toHaveBeenCalledWith(view, 5);
    control.change(tcb, 'newreno', 6);
    expect(control.of(tcb)).toBe(newReno);
  });

  test('a rate of the old one does not stay', () => {
    const { control, tcb, view } = bench(
      plain({
        paced: true,
        open: (v) => {
          v.pacingRate = 1e6;
        },
      }),
    );
    expect(view.pacingRate).toBe(1e6);
    control.change(tcb, 'newreno', 0);
    expect(view.pacingRate).toBe(0);
  });
});

describe('exchange within a recovery that the old one had for itself [RFC 9937 §6.2]', () => {
  const own = (more: Partial<CongestionController> = {}) => plain({ ownRecovery: true, ...more });
  const recovering = (controller: CongestionController) => {
    const b = bench(controller);
    Object.assign(b.tcb, { flags: F_RECOVERY, cwnd: 50_000, recoverFs: 80_000 });
    return b;
  };

  test('ssthresh, which it never set, is not what the window will be', () => {
    const { control, tcb } = recovering(own());
    expect(tcb.ssthresh).toBe(1 << 30);
    control.change(tcb, 'newreno', 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([50_000, 50_000]);
    tcb.ssthresh = 1 << 30;
    tcb.cwnd = MSS;
    control.change(tcb, 'cubic', 0);
    expect(tcb.ssthresh).toBe(2 * MSS);
  });

  test('nor when it throws, or stays behind in a hand-over', () => {
    const broken = own({
      onRecoveryEnd: () => {
        throw new Error('mine');
      },
    });
    const { control, tcb } = recovering(broken);
    control.onRecoveryEnd(tcb, 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([10 * MSS, 10 * MSS]);
    const other = recovering(own());
    other.tcb.cc = 200;
    other.control.adopt(other.tcb, 0);
    expect(other.tcb.ssthresh).toBe(50_000);
  });

  test('a reduction that somebody made stays, and so does ssthresh outside a recovery', () => {
    const { control, tcb } = recovering(newReno);
    tcb.ssthresh = 60_000; // PRR is on its way there
    control.change(tcb, 'cubic', 0);
    expect(tcb.ssthresh).toBe(60_000);
    tcb.ssthresh = 40_000;
    tcb.recoverFs = 0;
    control.change(tcb, 'newreno', 0);
    expect(tcb.ssthresh).toBe(40_000);
    tcb.flags = 0;
    tcb.ssthresh = 1 << 30;
    control.change(tcb, 'cubic', 0);
    expect(tcb.ssthresh).toBe(1 << 30);
  });
});

describe('a connection that is not established', () => {
  test('is not shown to a controller yet, nor one without a flight block', () => {
    const open = vi.fn();
    const { control, tcb, view } = bench(newReno);
    view.setInt(0, 7);
    tcb.cwnd = 0;
    control.change(tcb, plain({ open }), 0);
    control.adopt(tcb, 0);
    tcb.cwnd = 1000;
    const { flight } = tcb;
    tcb.flight = 0;
    tcb.cwnd = 1000;
    control.change(tcb, plain({ open }), 0);
    tcb.flight = flight;
    expect([open.mock.calls.length, view.int(0)]).toEqual([0, 7]);
    control.adopt(tcb, 7);
    expect(view.int(0)).toBe(0);
  });

  test('from another stack keeps a controller that every stack has, else it gets NewReno; and its limit', () => {
    const { control, tcb, view } = bench(newReno);
    for (const [cc, kept] of [
      [controllers.length - 1, true],
      [controllers.length, false],
      [200, false],
    ] as const) {
      tcb.cc = cc;
      control.adopt(tcb, 0);
      expect([cc, tcb.cc]).toEqual([cc, kept ? cc : controllers.indexOf(newReno)]);
    }
    tcb.maxPacing = 100;
    control.adopt(tcb, 0);
    expect(view.pacingRate).toBe(1600);
  });
});

describe('what a controller leaves out', () => {
  test('the end of recovery', () => {
    const mine = plain();
    const { control, tcb } = bench(mine);
    control.onRecoveryEnd(tcb, 0);
    expect(control.of(tcb)).toBe(mine);
  });

  test('ssthresh that has become larger meanwhile is not taken back', () => {
    const { control, tcb } = bench(plain());
    Object.assign(tcb, { priorCwnd: 9000, priorSsthresh: 7000, cwnd: 10_000, ssthresh: 10_000 });
    control.onSpurious(tcb, 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([10_000, 10_000]);
  });

  test('a spurious reduction is taken back', () => {
    const { control, tcb } = bench(plain());
    tcb.priorCwnd = 90_000;
    tcb.priorSsthresh = 70_000;
    tcb.cwnd = 10_000;
    tcb.ssthresh = 10_000;
    control.onSpurious(tcb, 0);
    expect([tcb.cwnd, tcb.ssthresh]).toEqual([90_000, 70_000]);
    tcb.cwnd = 95_000;
    control.onSpurious(tcb, 0);
    expect(tcb.cwnd).toBe(95_000);
  });

  test('a congestion mark is a loss', () => {
    const onLossEvent = vi.fn();
    const { control, tcb, view } = bench(plain({ onLossEvent }));
    control.onEce(tcb, 30_000, 9);
    expect(onLossEvent).toHaveBeenCalledWith(view, 30_000, 9);
  });
});

describe('ACKs', () => {
  test('in fast recovery they are for a controller that owns it only', () => {
    for (const own of [false, true]) {
      const onAck = vi.fn();
      const { control, tcb } = bench(plain({ onAck, ownRecovery: own }));
      tcb.flags |= F_RECOVERY;
      control.onAck(tcb, 0);
      expect(onAck).toHaveBeenCalledTimes(own ? 1 : 0);
      expect(control.ownsRecovery(tcb)).toBe(own);
    }
  });

  test('they say whether the window was the limit', () => {
    let limited: boolean | undefined;
    const { control, tcb } = bench(
      plain({
        onAck: (_view, ack) => {
          limited = ack.limited;
        },
      }),
    );
    control.onAck(tcb, 0);
    expect(limited).toBe(false);
    tcb.flags |= F_CWND_LIMITED;
    control.onAck(tcb, 0);
    expect(limited).toBe(true);
    tcb.flags &= ~F_CWND_LIMITED;
    tcb.flags2 |= F2_PACED; // the rate is, and the window is what it comes from
    control.onAck(tcb, 0);
    expect(limited).toBe(true);
  });
});

describe('pacing of a controller that knows no rate', () => {
  test('twice the window per round trip in slow start, then a fifth more than it', () => {
    const { control, tcb, view } = bench(plain(), { pacing: true });
    expect(view.pacingRate).toBe(0); // no round trip is known
    tcb.srtt = 100_000;
    tcb.cwnd = 100_000;
    control.onAck(tcb, 0);
    expect(view.pacingRate).toBe(2_000_000);
    tcb.ssthresh = 100_000;
    control.onAck(tcb, 0);
    expect(view.pacingRate).toBe(1_200_000);
  });

  test('one that knows a rate keeps it; the limit of the connection is above neither', () => {
    const mine = plain({
      paced: true,
      open: (v) => {
        v.pacingRate = 1_600_000;
      },
    });
    const { control, tcb, view } = bench(mine, { pacing: true });
    Object.assign(tcb, { srtt: 100_000, cwnd: 100_000 });
    control.onAck(tcb, 0);
    expect(view.pacingRate).toBe(1_600_000);
    control.limit(tcb, 200_000);
    expect(view.pacingRate).toBe(1_600_000);
    control.limit(tcb, 50_000);
    expect(view.pacingRate).toBe(800_000);
    const bare = bench(plain());
    bare.control.limit(bare.tcb, 50_000);
    expect(bare.view.pacingRate).toBe(800_000);
  });
});

test('a controller that throws leaves a window below the initial one as it is', () => {
  const { control, tcb } = bench(plain());
  control.change(
    tcb,
    plain({
      onRto: () => {
        tcb.cwnd = 3000;
        throw new Error('mine');
      },
    }),
    0,
  );
  control.onRto(tcb, 1000, true, 0);
  expect([control.of(tcb), tcb.cwnd]).toEqual([newReno, 3000]);
});

test.each(['onAck', 'onLossEvent', 'onRto', 'onIdle', 'onSpurious', 'onEce', 'onRecoveryEnd', 'open'] as const)(
  'a controller that throws in %s loses the connection to NewReno, and the user hears of it',
  (method) => {
    const error = new Error('mine');
    const { control, tcb } = bench(plain());
    const told: unknown[] = [];
    control.onFault = (e) => told.push(e);
    tcb.cwnd = 1_000_000;
    const broken = plain({
      [method]: () => {
        throw error;
      },
    });
    control.change(tcb, broken, 0);
    if (method !== 'open') {
      expect(control.of(tcb)).toBe(broken);
      if (method === 'onAck') control.onAck(tcb, 0);
      else if (method === 'onRto') control.onRto(tcb, 1000, true, 0);
      else if (method === 'onSpurious' || method === 'onRecoveryEnd') control[method](tcb, 0);
      else control[method](tcb, 1000, 0);
    }
    expect(told).toEqual([error]);
    expect(control.of(tcb)).toBe(newReno);
    expect(tcb.cwnd).toBe(14600);
  },
);
