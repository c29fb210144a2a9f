// Makes src/core/tcp/tcb.ts and docs/tcb.md from the declaration in src/core/tcp/row.ts. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';

const source = readFileSync(new URL('../src/core/tcp/row.ts', import.meta.url), 'utf8').replace('] as const;', '];');
const { row } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const abi = readFileSync(new URL('../src/wire/abi.ts', import.meta.url), 'utf8');
const rowWords = Number(/ROW_WORDS = (\d+)/.exec(abi)[1]);

let at = 0;
const constants = [],
  accessors = [],
  table = [];
for (const [name, words, unit, meaning] of row) {
  if (unit === 'f64' && at % 2) at++;
  const constant = name.replace(/([A-Z])/g, '_$1').toUpperCase();
  constants.push(`export const ${constant} = ${at};`);
  table.push(`| ${at} | \`${name}\` | ${words} | ${unit.replaceAll('|', '\\|')} | ${meaning} |`);
  const doc = `  /** ${meaning} [${unit}] */\n`;
  if (unit === 'f64') {
    accessors.push(
      `${doc}  get ${name}(): number { return this.f64[(this.at + ${at}) >> 1]!; }\n  set ${name}(v: number) { this.f64[(this.at + ${at}) >> 1] = v; }`,
    );
  } else if (words === 1) {
    accessors.push(
      `${doc}  get ${name}(): number { return this.i32[this.at + ${at}]!; }\n  set ${name}(v: number) { this.i32[this.at + ${at}] = v; }`,
    );
  }
  at += words;
}
if (at > rowWords) throw new Error(`a row needs ${at} words, ROW_WORDS is ${rowWords}`);

const ts = `// Generated from row.ts by scripts/generate-tcb.mjs: do not edit.
import { ROW_WORDS } from '../../wire/abi.ts';

${constants.join('\n')}
/** Words used of ROW_WORDS. */
export const ROW_USED = ${at};

/** A cursor over one row. Point it with \`select\`; it holds no state of its own, so one is enough for a whole stack. */
export class Tcb {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** First word of the row. */
  at = 0;
  row = 0;

  constructor(rows: ArrayBuffer) {
    this.i32 = new Int32Array(rows);
    this.f64 = new Float64Array(rows);
  }

  select(row: number): this {
    this.row = row;
    this.at = row * ROW_WORDS;
    return this;
  }

${accessors.join('\n')}

  timer(kind: number): number { return this.i32[this.at + TIMERS + kind]!; }
  setTimer(kind: number, tick: number): void { this.i32[this.at + TIMERS + kind] = tick; }
  ccWord(n: number): number { return this.i32[this.at + CC_STATE + n]!; }
  setCcWord(n: number, v: number): void { this.i32[this.at + CC_STATE + n] = v; }
}
`;
const md = `# The TCB, word by word

Generated from \`src/core/tcp/row.ts\`. A row is ${rowWords} words of 4 bytes; ${at} are used.

| word | field | words | unit | meaning |
|---|---|---|---|---|
${table.join('\n')}
`;
for (const [file, text] of [
  ['../src/core/tcp/tcb.ts', ts],
  ['../docs/tcb.md', md],
]) {
  const url = new URL(file, import.meta.url);
  if (process.argv.includes('--check')) {
    if (readFileSync(url, 'utf8') !== text) throw new Error(`${file} is stale: run npm run generate`);
  } else writeFileSync(url, text);
}
