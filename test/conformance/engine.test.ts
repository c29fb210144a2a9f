/** The script engine itself: bring() reaches every state, and what disagrees is told with line, expectation and packets. */
import { describe, expect, test } from 'vitest';
import { bring, conform, Script, stateNames } from './script/index.ts';

describe('bring reaches', () => {
  for (const state of stateNames) {
    for (const origin of ['passive', 'active'] as const) {
      conform(`${state}, ${origin}`, async (s) => {
        await bring(s, state, origin);
      });
    }
  }
});

test('a disagreement names the line, what was expected and what came', async () => {
  const s = new Script(4);
  const failing = s.run`
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 2
  `;
  await expect(failing).rejects.toThrow(/^script line 4: \+0 > S\. seq 0 ack 2\n {2}expected S\. seq 0 ack 2\n/);
  await expect(failing).rejects.toThrow(/came {5}S\. seq 0 ack 1 .*<mss 1460>/);
  await expect(failing).rejects.toThrow(/ack is 1, not 2[\s\S]*packets: .*\.pcapng/);
});

test('a segment nobody expects is a failure at the end', async () => {
  const s = new Script(4);
  await expect(s.run('listen\n< . seq 5 ack 5')).rejects.toThrow(/expected nothing more\n.*R seq 5/);
});

test('time is compared', async () => {
  const s = new Script(4);
  await bring(s, 'SYN_SENT');
  await expect(s.run('+1.5 > S seq 0')).rejects.toThrow(/it came 1\.0000 s after/);
});
