// The pages of docs/guide: each JavaScript block runs (here, or on a wire in test/interop/guide.test.ts), and prints what it says.
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pages, readBlocks, readPage, root } from '../guide/page.ts';
import { launch, prepareFolder } from '../guide/runner.ts';

describe.each(pages().map((page) => ({ page, blocks: readPage(page) })))('docs/guide/$page', ({ page, blocks }) => {
  const folder = prepareFolder(page, blocks);
  afterAll(() => rmSync(folder, { recursive: true }));

  test('every JavaScript block runs, or is a file that a block runs', () => {
    const programs = blocks.filter(({ run }) => run !== undefined).map(({ code }) => code);
    const idle = blocks.filter(
      ({ language, run, file }) =>
        /^(js|mjs|cjs|ts|javascript|typescript)$/.test(language) &&
        run === undefined &&
        !programs.some((code) => file !== undefined && code.includes(file)),
    );
    expect(idle.map(({ line }) => `${page}:${line}`)).toEqual([]);
  });

  const here = blocks.filter(({ run }) => run === 'here');
  test.skipIf(!existsSync(join(root, 'dist/index.js'))).each(here)('the block of line $line', async (block) => {
    const { argv, cwd, env } = launch(block, folder);
    const ran = await new Promise<{ error: Error | null; out: string }>((resolve) => {
      const how = { cwd, env, timeout: 15_000 };
      execFile(argv[0]!, argv.slice(1), how, (error, out, err) => resolve({ error, out: out + (error ? err : '') }));
    });
    expect(ran.error, `${page}:${block.line}: ${ran.out}`).toBeNull();
    if (block.output !== undefined) expect(ran.out.trimEnd()).toBe(block.output);
  });
});

test('marks are read, hidden code and output go with their block', () => {
  const text = [
    ...['<!-- before', 'const a = 1;', '-->', '```js run', 'console.log(a);', '```', '```js more', 'a + 1;', '```'],
    ...[
      '<!-- after',
      '// end',
      '-->',
      '```output',
      '1',
      '```',
      '```sh run=wire file=go.sh',
      'true',
      '```',
      '```',
      'x',
      '```',
    ],
  ].join('\n');
  expect(readBlocks('x.md', text)).toMatchObject([
    {
      line: 4,
      language: 'js',
      run: 'here',
      code: 'console.log(a);\na + 1;\n',
      before: 'const a = 1;\n',
      after: '// end\n',
      output: '1',
    },
    { language: 'sh', run: 'wire', file: 'go.sh', code: 'true\n', before: '', output: undefined },
    { language: '', run: undefined },
  ]);
  expect(() => readBlocks('x.md', '```js dance\n```')).toThrow(/x.md:1: the marks of a block are .* not dance/);
});
