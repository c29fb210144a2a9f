/** A user who changes his mind: settings of a live connection, exchanged at any moment. */
import { SeededRng } from '../../../src/link/sim.ts';
import type { End } from '../../property/pair/end.ts';

const CONTROLLERS = ['newreno', 'cubic', 'bbr', 'dctcp'] as const;

/** More than that on one connection, which may wait for hours, would be all that a world does. */
const MOST_CHANGES = 2000;

/** Changes something of that end now and then, until it has ended. */
export function meddle(end: End, every: number, seed: number): void {
  const rng = new SeededRng(seed);
  const { clock } = end.host;
  let left = MOST_CHANGES;
  const again = (): void => {
    if (left-- === 0) return;
    clock.schedule(clock.now() + 1 + rng.below(every), () => {
      if (end.done || end.aborted) return;
      if (end.opened) end.host.turn(() => change(end, rng));
      again();
    });
  };
  again();
}

function change({ host, row }: End, rng: SeededRng): void {
  const { core } = host;
  switch (rng.below(6)) {
    case 0:
      return core.callSetCongestion(row, CONTROLLERS[rng.below(4)]!, host.now);
    case 1:
      return core.callSetNoDelay(row, rng.chance(0.5));
    case 2:
      return core.callSetBuffer(row, 'send', 600 + rng.below(100_000));
    case 3:
      // A smaller one keeps what was promised, which the invariants would take for too much.
      return core.callSetBuffer(row, 'receive', host.tcb(row).rcvBuf + rng.below(100_000));
    case 4:
      return core.callSetUserTimeout(row, rng.chance(0.5) ? 0 : 6 * 3600_000);
    default:
      return core.callSetTos(row, rng.below(64) * 4);
  }
}
