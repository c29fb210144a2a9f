// Reads the pages of docs/guide: what their code blocks are marked with. docs/guide/README.md says what the marks mean.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));
const GUIDE = join(root, 'docs/guide');

export type Place = 'here' | 'wire';

export interface Block {
  readonly page: string;
  /** Of the line with the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** Where it runs; undefined = it does not run by itself. */
  readonly run: Place | undefined;
  /** It belongs to the end of the block before it. */
  readonly more: boolean;
  /** The name under which others of the page find it. */
  readonly file: string | undefined;
  readonly code: string;
  /** Code that readers do not see, before and behind it. */
  readonly before: string;
  readonly after: string;
  /** What it prints, where the page says so. */
  readonly output: string | undefined;
}

export const pages = (): string[] => readdirSync(GUIDE).filter((name) => name.endsWith('.md'));

const FENCE = /^(`{3,})([^\s`]*)[ \t]*(.*)\n([\s\S]*?)^\1[ \t]*$/;
const HIDDEN = /^<!-- (before|after)\n([\s\S]*?)^-->[ \t]*$/;
const PIECE = new RegExp(`${FENCE.source}|${HIDDEN.source}`, 'gm');

export function readPage(page: string): Block[] {
  return readBlocks(page, readFileSync(join(GUIDE, page), 'utf8'));
}

/** Blocks in their order, those that continue another one joined to it. Throws on a mark that is none. */
export function readBlocks(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let before = '';
  for (const match of text.matchAll(PIECE)) {
    const [, , language, marks, code = '', hidden, secret = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    if (hidden === 'before') before = secret;
    else if (hidden === 'after') amend(blocks, { after: secret }, page, line);
    else if (language === 'output') amend(blocks, { output: code.trimEnd() }, page, line);
    else {
      const block = { page, line, language: language!, ...readMarks(marks!, `${page}:${line}`), code };
      if (block.more) amend(blocks, { code: blocks.at(-1)?.code + code }, page, line);
      else blocks.push({ ...block, before, after: '', output: undefined });
      before = '';
    }
  }
  return blocks;
}

function amend(blocks: Block[], change: Partial<Block>, page: string, line: number): void {
  const last = blocks.pop();
  if (last === undefined) throw new Error(`${page}:${line}: there is no block before this one`);
  blocks.push({ ...last, ...change });
}

function readMarks(marks: string, where: string): Pick<Block, 'run' | 'more' | 'file'> {
  let [run, more, file]: [Place | undefined, boolean, string | undefined] = [undefined, false, undefined];
  for (const mark of marks.split(/\s+/).filter(Boolean)) {
    if (mark === 'run') run = 'here';
    else if (mark === 'run=wire') run = 'wire';
    else if (mark === 'more') more = true;
    else if (/^file=[\w.-]+$/.test(mark)) file = mark.slice('file='.length);
    else throw new Error(`${where}: the marks of a block are run, run=wire, more and file=NAME, not ${mark}`);
  }
  return { run, more, file };
}
