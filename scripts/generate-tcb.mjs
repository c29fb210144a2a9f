// Makes src/core/tcp/tcb.ts and docs/tcb.md from the declaration in src/core/tcp/row.ts. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';

const source = readFileSync(new URL('../src/core/tcp/row.ts', import.meta.url), 'utf8').replaceAll('] as const;', '];');
const { row, listening, flight } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
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
const words = new Map(row.map(([name], n) => [name, Number(/= (\d+);/.exec(constants[n])[1])]));
for (const [name, word, unit, meaning] of listening) {
  const place = words.get(word);
  constants.push(`export const ${name.replace(/([A-Z])/g, '_$1').toUpperCase()} = ${place};`);
  table.push(`| ${place} | \`${name}\` | 1 | ${unit.replaceAll('|', '\\|')} | ${meaning} |`);
  accessors.push(
    `  /** ${meaning} [${unit}] */\n  get ${name}(): number { return this.i32[this.at + ${place}]!; }\n  set ${name}(v: number) { this.i32[this.at + ${place}] = v; }`,
  );
}
if (at > rowWords) throw new Error(`a row needs ${at} words, ROW_WORDS is ${rowWords}`);

let flightAt = 0;
const flightConstants = [],
  flightAccessors = [],
  flightTable = [],
  moments = [],
  ticks = [];
for (const [name, words, unit, meaning] of flight) {
  const constant = name.replace(/([A-Z])/g, '_$1').toUpperCase();
  flightConstants.push(`export const ${constant} = ${flightAt};`);
  flightTable.push(`| ${flightAt} | \`${name}\` | ${words} | ${unit.replaceAll('|', '\\|')} | ${meaning} |`);
  if (unit === 'us@') moments.push(constant);
  for (let n = 0; unit === 'tick@' && n < words; n++) ticks.push(n === 0 ? constant : `${constant} + ${n}`);
  if (words === 1) {
    const place = `this.f32[this.i32[this.at + FLIGHT]! + ${flightAt}]`;
    flightAccessors.push(
      `  /** ${meaning} [${unit}] */\n  get ${name}(): number { return ${place}!; }\n  set ${name}(v: number) { ${place} = v; }`,
    );
  }
  flightAt += words;
}
const flightWords = Math.ceil(flightAt / 16) * 16;

const ts = `// Generated from row.ts by scripts/generate-tcb.mjs: do not edit.
import { ROW_WORDS } from '../../wire/abi.ts';
import { FIRST_IDLE_TIMER } from './row.ts';

${constants.join('\n')}
/** Words used of ROW_WORDS. */
export const ROW_USED = ${at};

// The flight block: word numbers within it.
${flightConstants.join('\n')}
/** Words of a block; a multiple of a cache line. */
export const FLIGHT_WORDS = ${flightWords};
/** Words that hold moments of this stack's clock. */
export const FLIGHT_MOMENTS = [${moments.join(', ')}];
/** The same in ticks. */
export const FLIGHT_TICKS = [${ticks.join(', ')}];

/** A cursor over one row. Point it with \`select\`; it holds no state of its own, so one is enough for a whole stack. */
export class Tcb {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** The flight blocks. */
  readonly f32: Int32Array;
  /** First word of the row. */
  at = 0;
  row = 0;

  constructor(rows: ArrayBuffer, flights: ArrayBuffer) {
    this.i32 = new Int32Array(rows);
    this.f64 = new Float64Array(rows);
    this.f32 = new Int32Array(flights);
  }

  select(row: number): this {
    this.row = row;
    this.at = row * ROW_WORDS;
    return this;
  }

${accessors.join('\n')}

${flightAccessors.join('\n')}

  /** Deadline by TIMER_*; those that an idle connection may have are in the row. */
  timer(kind: number): number {
    if (kind >= FIRST_IDLE_TIMER && kind < FIRST_IDLE_TIMER + 3) return this.i32[this.at + TIMERS - FIRST_IDLE_TIMER + kind]!;
    return this.f32[this.i32[this.at + FLIGHT]! + DEADLINES + kind]!;
  }
  setTimer(kind: number, tick: number): void {
    if (kind >= FIRST_IDLE_TIMER && kind < FIRST_IDLE_TIMER + 3) this.i32[this.at + TIMERS - FIRST_IDLE_TIMER + kind] = tick;
    else this.f32[this.i32[this.at + FLIGHT]! + DEADLINES + kind] = tick;
  }
  ccWord(n: number): number { return this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n]!; }
  setCcWord(n: number, v: number): void { this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n] = v; }
}
`;
const md = `# The TCB, word by word

Generated from \`src/core/tcp/row.ts\`. A row is ${rowWords} words of 4 bytes; ${at} are used.

| word | field | words | unit | meaning |
|---|---|---|---|---|
${table.join('\n')}

## The flight block

Taken while the connection talks, given back when it idles; ${flightWords} words, ${flightAt} are used.

| word | field | words | unit | meaning |
|---|---|---|---|---|
${flightTable.join('\n')}
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
