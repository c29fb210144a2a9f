import { expect, test } from 'vitest';
import { note, step } from '../../../src/core/tcp/context.ts';
import { CLOSE_WAIT, ESTABLISHED, EV } from '../../../src/core/tcp/figure5.ts';
import {
  TRACE_EVENT,
  TRACE_FROM,
  TRACE_REASON,
  TRACE_REASONS,
  TRACE_ROW,
  TRACE_RX,
  TRACE_TO,
  TRACE_WORDS,
  TraceQueue,
} from '../../../src/core/trace.ts';
import { bench } from './tcp/bench.ts';

function records(trace: TraceQueue): number[][] {
  const words = [TRACE_ROW, TRACE_FROM, TRACE_TO, TRACE_EVENT, TRACE_RX, TRACE_REASON];
  return Array.from({ length: trace.count }, (_, n) => words.map((word) => trace.words[n * TRACE_WORDS + word]!));
}

test('records keep their order while the queue grows, and go with clear', () => {
  const trace = new TraceQueue();
  for (let n = 0; n < 200; n++) trace.push(n, 1, 2, 3, -1, 4);
  expect(records(trace)).toEqual(Array.from({ length: 200 }, (_, n) => [n, 1, 2, 3, -1, 4]));
  trace.clear();
  expect(trace.count).toBe(0);
});

test('a transition names its packet; a decision names its reason and belongs to what is sent next', () => {
  const { t, tcb } = bench();
  const trace = (t.trace = new TraceQueue());
  t.descriptor = 5;
  step(t, tcb, EV.rcvFin);
  note(t, tcb, 'fast retransmit');
  expect(records(trace)).toEqual([
    [tcb.row, ESTABLISHED, CLOSE_WAIT, EV.rcvFin, 5, 0],
    [tcb.row, CLOSE_WAIT, CLOSE_WAIT, -1, -1, TRACE_REASONS.indexOf('fast retransmit')],
  ]);
});

test('an arrow that the figure does not have is a defect, and changes nothing', () => {
  const { t, tcb } = bench();
  expect(() => step(t, tcb, EV.timeout2MSL)).toThrow('invariant: no arrow for timeout2MSL in ESTABLISHED');
  expect(tcb.state).toBe(ESTABLISHED);
});
