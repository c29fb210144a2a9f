// When the process exits every stack says its last words; one that fails there keeps no other from it, nor changes the exit code.
import { expect, test } from 'vitest';
import type { Engine } from '../../../src/shell/engine.ts';
import { sayFarewell } from '../../../src/shell/farewell.ts';

test('each stack lets go of its connections and sends, whatever another one does; a closed stack says nothing', () => {
  const log: string[] = [];
  const engine = (name: string, release = () => {}): Engine =>
    ({
      connections: () => {
        log.push(`${name} lets go`);
        return [{ release }];
      },
      driver: { leave: () => log.push(`${name} sends`) },
    }) as unknown as Engine;
  const before = process.listeners('exit');
  const broken = sayFarewell(
    engine('broken', () => {
      throw new Error('it is why the process exits');
    }),
  );
  const sound = sayFarewell(engine('sound'));
  const closed = sayFarewell(engine('closed'));
  closed();
  const added = process.listeners('exit').filter((listener) => !before.includes(listener));
  expect(added).toHaveLength(1);
  (added[0] as (code: number) => void)(0);
  expect(log).toEqual(['broken lets go', 'sound lets go', 'sound sends']);
  broken();
  sound();
  expect(process.listeners('exit')).toEqual(before);
});
