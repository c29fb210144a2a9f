/** The checks that `usertcp verify` brings along: each is a test here, too. */
import { describe, expect, test } from 'vitest';
import { Bench, must } from '../../../src/cli/verify/bench.ts';
import { checks, perform, runVerify } from '../../../src/cli/verify.ts';

describe('usertcp verify', () => {
  for (const check of checks) {
    test(`${check.what} ${check.ids.map((id) => `[${id}]`).join(' ')}`, async () => {
      expect(await perform(check)).toBeUndefined();
    });
  }

  test('what is not as it must be is told, with exit code 1', async () => {
    expect(await perform({ ids: ['X'], what: 'x', run: async () => must(false, 'never') })).toBe('never');
    const broken = async (): Promise<void> => {
      throw new Error('defect');
    };
    expect(await perform({ ids: ['X'], what: 'x', run: broken })).toBe('it broke: defect');
  });

  test('only some, for people and for programs', async () => {
    const lines: string[] = [];
    expect(await runVerify({ only: ['MUST-15'], print: (line) => lines.push(line) })).toBe(0);
    expect(lines).toEqual([
      'met      MUST-15      without an MSS option segments are 536 octets',
      '1 met, 0 not met, of RFC 9293 on simulated wires',
    ]);
    lines.length = 0;
    await runVerify({ only: ['MUST-15'], json: true, print: (line) => lines.push(line) });
    expect(JSON.parse(lines[0]!)).toMatchObject([{ id: 'MUST-15', met: true, wrong: [] }]);
    await expect(runVerify({ only: ['MUST-99'], print: () => {} })).rejects.toThrow('no check of MUST-99');
  });

  test('a bench leaves nothing behind', async () => {
    const b = new Bench();
    await b.accept();
    await b.world.close();
    expect(b.stack.metrics()).toMatchObject({ connections: 0, listeners: 0 });
  });
});
