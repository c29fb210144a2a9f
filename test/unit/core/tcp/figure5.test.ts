// The whole state x event matrix as a picture one can read, and the drawing in the documentation.
// After a deliberate change: npx vitest run --project unit -u test/unit/core/tcp/figure5.test.ts
import { expect, test } from 'vitest';
import { arrow, EV, eventNames, figure5, mermaid, stateName, stateNames } from '../../../../src/core/tcp/figure5.ts';

test('every state meets every event', async () => {
  const rows = stateNames.map((from, n) => {
    const cells = eventNames.map((event) => {
      const to = arrow(1 << n, EV[event]);
      return to === 0 ? null : `${event} → ${stateName(to)}`;
    });
    return `${from.padEnd(12)} ${cells.filter((cell) => cell !== null).join(', ')}`;
  });
  await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot('__snapshots__/figure5.txt');
});

test('the table has no arrow that the figure does not have', () => {
  let arrows = 0;
  stateNames.forEach((from, n) => {
    for (const event of eventNames) {
      const to = (figure5[from] as Readonly<Record<string, string>>)[event];
      expect(arrow(1 << n, EV[event]), `${from} × ${event}`).toBe(
        to === undefined ? 0 : 1 << stateNames.indexOf(to as (typeof stateNames)[number]),
      );
      if (to !== undefined) arrows++;
    }
  });
  expect(arrows).toBe(stateNames.reduce((n, from) => n + Object.keys(figure5[from]).length, 0));
});

test('every state is reached from CLOSED, and reaches CLOSED', () => {
  const reach = (from: string, back: boolean): Set<string> => {
    const seen = new Set([from]);
    for (let grown = -1; grown !== seen.size; ) {
      grown = seen.size;
      for (const state of stateNames) {
        for (const to of Object.values(figure5[state])) {
          if (back && seen.has(to)) seen.add(state);
          if (!back && seen.has(state)) seen.add(to);
        }
      }
    }
    return seen;
  };
  expect(reach('CLOSED', false).size).toBe(11);
  expect(reach('CLOSED', true).size).toBe(11);
});

test('docs/figure5.mmd is this figure', async () => {
  await expect(mermaid()).toMatchFileSnapshot('../../../../docs/figure5.mmd');
});
