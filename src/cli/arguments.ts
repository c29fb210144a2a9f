/** The arguments of a command: what is wrong is one sentence that names it, says what is allowed, and ends with exit code 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../shell/options/check.ts';

/** The arguments are no good; the message is for people. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = { [K in keyof T]?: T[K]['type'] extends 'boolean' ? boolean : string };

interface Read<T extends Options> {
  readonly values: Values<T> & { help?: boolean };
  /** What is no option. */
  readonly words: readonly string[];
}

const spelled = (name: string, { type }: Options[string]): string => `--${name}${type === 'string' ? ' VALUE' : ''}`;

/** As `util.parseArgs`, for `usertcp COMMAND`; every command has --help. `hint` follows what is said of an unknown option. */
export function readArguments<T extends Options>(
  command: string,
  args: readonly string[],
  options: T,
  hint = '',
): Read<T> {
  const all: Options = { ...options, help: { type: 'boolean', short: 'h' } };
  const { tokens } = parseArgs({ args: [...args], options: all, allowPositionals: true, strict: false, tokens: true });
  const values: Record<string, string | boolean> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const known = Object.hasOwn(all, name) ? all[name]! : undefined;
    if (known === undefined) throw new UsageError(`${command}: ${unknown(rawName, all)}${hint}`);
    if (known.type === 'boolean' && value !== undefined)
      throw new UsageError(`${command}: ${rawName} takes no value, not ${JSON.stringify(value)}`);
    if (known.type === 'string' && (value === undefined || (!inlineValue && /^--?\w/.test(value))))
      throw new UsageError(`${command}: ${rawName} takes a value: ${rawName} VALUE`);
    values[name] = value ?? true;
  }
  return { values: values as Read<T>['values'], words };
}

/** For a command that takes none. */
export function noWords(command: string, words: readonly string[]): void {
  if (words.length > 0)
    throw new UsageError(`${command} takes options only, not ${words.map((word) => JSON.stringify(word)).join(' ')}`);
}

/** Says what was meant, or what there is. */
function unknown(option: string, known: Options): string {
  const near = nearest(option.replace(/^-+/, ''), Object.keys(known));
  const meant = near === undefined ? '' : ` Did you mean --${near}?`;
  const all = Object.entries(known).map(([name, each]) => spelled(name, each));
  return `there is no option ${option}; it takes ${all.join(', ')}.${meant}`;
}
