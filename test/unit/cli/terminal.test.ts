import { expect, test } from 'vitest';
import { Terminal } from '../../../src/cli/terminal.ts';

function make(isTTY: boolean, env: NodeJS.ProcessEnv = {}): { terminal: Terminal; text(): string } {
  let written = '';
  const out = {
    isTTY,
    columns: 72,
    write: (text: string) => {
      written += text;
      return true;
    },
  } as Partial<NodeJS.WriteStream> as NodeJS.WriteStream;
  return { terminal: new Terminal(out, env), text: () => written };
}

test('colours only on a terminal, and not with NO_COLOR (no-color.org: set and not empty)', () => {
  expect(
    [make(true), make(false), make(true, { NO_COLOR: '1' }), make(true, { NO_COLOR: '' })].map(
      ({ terminal }) => terminal.color,
    ),
  ).toEqual([true, false, false, true]);
  expect(make(true).terminal.good('x')).toBe('\x1b[32mx\x1b[0m');
  expect(make(false).terminal.bad('x')).toBe('x');
});

test('progress is replaced by what follows, and is not written where nobody watches', () => {
  const { terminal, text } = make(true);
  terminal.progress('1 %');
  terminal.progress('2 %');
  terminal.line('done');
  terminal.line();
  expect(text()).toBe('1 %\r\x1b[K2 %\r\x1b[Kdone\n\n');
  const pipe = make(false);
  pipe.terminal.progress('1 %');
  pipe.terminal.line('done');
  expect([pipe.text(), pipe.terminal.columns]).toEqual(['done\n', 72]);
});
