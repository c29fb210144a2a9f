// RFC 6724 §10.2's examples, and the turns of RFC 8305 §4.
import { expect, test } from 'vitest';
import { compareDestinations, interleave } from '../../../../src/core/ip/destination.ts';
import { isMapped } from '../../../../src/wire/address.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';

const at = (text: string, source: string | null) => ({
  text,
  words: parseAddress(text),
  source: source === null ? null : parseAddress(source),
});

test.each([
  ['matching scope', ['2001:db8:1::1', '2001:db8:1::2'], ['198.51.100.121', '169.254.13.78']],
  ['matching scope', ['198.51.100.121', '198.51.100.117'], ['2001:db8:1::1', 'fe80::1']],
  ['higher precedence', ['2001:db8:1::1', '2001:db8:1::2'], ['10.1.2.3', '10.1.2.4']],
  ['smaller scope', ['fe80::1', 'fe80::2'], ['2001:db8:1::1', '2001:db8:1::2']],
  ['smaller scope, 6to4', ['fe80::1', 'fe80::2'], ['2002:c633:6401::1', '2002:c633:6401::2']],
  ['precedence before 6to4', ['2001:db8:1::1', '2001:db8:1::2'], ['2002:c633:6401::1', '2002:c633:6401::2']],
  ['matching label', ['2002:c633:6401::1', '2002:c633:6401::2'], ['2001:db8:1::1', '2002:c633:6401::2']],
  ['reachable at all', ['10.0.0.1', '10.0.0.2'], ['2001:db8::1', null]],
  ['longest prefix', ['2001:db8:1::1', '2001:db8:1::2'], ['2001:db8:3ffe::1', '2001:db8:1::2']],
  ['IPv4 precedes unique local by label', ['10.1.2.3', '10.1.2.4'], ['fd00::1', '2001:db8::2']],
] as [string, [string, string], [string, string | null]][])('%s: %j before %j', (_rule, first, second) => {
  const pair = [at(...first), at(...second)] as const;
  for (const order of [pair, [...pair].reverse()]) {
    expect([...order].sort(compareDestinations).map(({ text }) => text)).toEqual([first[0], second[0]]);
  }
});

test('two that nothing tells apart stay as the name server gave them', () => {
  const list = [at('10.0.0.9', '10.0.0.1'), at('10.0.0.2', '10.0.0.1'), at('10.0.0.5', '10.0.0.1')];
  expect([...list].sort(compareDestinations)).toEqual(list);
});

test('the families take turns, the best one begins', () => {
  const turns = (texts: string[]): string[] =>
    interleave(
      texts.map((text) => at(text, null)),
      ({ words }) => isMapped(words),
    ).map(({ text }) => text);
  expect(turns(['fd00::1', 'fd00::2', 'fd00::3', '10.0.0.1', '10.0.0.2'])).toEqual([
    'fd00::1',
    '10.0.0.1',
    'fd00::2',
    '10.0.0.2',
    'fd00::3',
  ]);
  expect(turns(['10.0.0.1', 'fd00::1'])).toEqual(['10.0.0.1', 'fd00::1']);
  expect(turns(['10.0.0.1'])).toEqual(['10.0.0.1']);
  expect(turns([])).toEqual([]);
});
