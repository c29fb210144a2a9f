/** One row, its view, and ACKs made by hand: a controller without a connection. */
import { AckSample } from '../../../../src/core/tcp/congestion/ack-sample.ts';
import { CongestionControl } from '../../../../src/core/tcp/congestion/control.ts';
import type { CongestionController } from '../../../../src/core/tcp/congestion/controller.ts';
import { controllers } from '../../../../src/core/tcp/congestion/registry.ts';
import { CongestionView } from '../../../../src/core/tcp/congestion/view.ts';
import { FLIGHT_WORDS, Tcb } from '../../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../../src/wire/abi.ts';

export const MSS = 1460;
export const MS = 1000;

export interface Bench {
  readonly tcb: Tcb;
  readonly view: CongestionView;
  readonly control: CongestionControl;
  /** Opened, as after a handshake. */
  readonly c: CongestionController;
  /** An ACK in time; what is not named says nothing. */
  ack(ackedBytes: number, more?: Partial<AckSample>, now?: number): void;
}

export function bench(c: CongestionController, o: { mss?: number; rexmits?: number; pacing?: boolean } = {}): Bench {
  const tcb = new Tcb(new ArrayBuffer(ROW_WORDS * 4), new ArrayBuffer(2 * FLIGHT_WORDS * 4)).select(0);
  tcb.flight = FLIGHT_WORDS;
  tcb.sndMss = o.mss ?? MSS;
  tcb.rexmits = o.rexmits ?? 0;
  tcb.rto = 300;
  const view = new CongestionView(tcb);
  const control = new CongestionControl(view, [...controllers], o.pacing ?? false);
  tcb.cc = control.indexOf(c);
  control.open(tcb, 0);
  const sample = new AckSample();
  return {
    tcb,
    view,
    control,
    c,
    ack(ackedBytes, more = {}, now = 0) {
      sample.clear();
      Object.assign(sample, { ackedBytes, delivered: ackedBytes, limited: true, ...more });
      c.onAck(view, sample, now);
    },
  };
}
