/** Configuration of the drop-in: a file `usertcp.config.{json,js,ts}`, and over it `USERTCP_*`. All that is wrong is told at once. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { OptionError } from '../option-error.ts';
import { checkOneOf, nearest } from '../options/check.ts';
import { checkOptions, type StackOptions } from '../options/stack-options.ts';
import { createShardGroup } from '../shards/group.ts';
import { checkRules, type NetRules, RULES } from './policy.ts';

/** What `usertcp.config.*` holds: the options of a stack, and who goes through it. */
export interface NetConfig extends Omit<StackOptions, 'loopback' | 'ports' | 'shard'>, NetRules {
  /**
   * Worker threads: the kernel carries what they open and serve beyond loopback (default), or each that uses the network joins the main
   * thread's stack as a shard when it first does.
   */
  workers?: 'kernel' | 'shard';
}

const FILES = ['usertcp.config.json', 'usertcp.config.js', 'usertcp.config.mjs', 'usertcp.config.ts'];

type Read = (text: string) => unknown;
const text: Read = (value) => value;
const list: Read = (value) => value.split(',').map((part) => part.trim());
const flag: Read = (value) =>
  value === '1' || value === 'true' ? true : value === '0' || value === 'false' ? false : value;
const number: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);

/** USERTCP_DEVICE is `device`, and so on. */
const VARIABLES: Readonly<Record<string, Read>> = {
  device: text,
  addresses: list,
  gateway: list,
  dhcp: flag,
  dns: (value) => (value === 'system' ? value : list(value)),
  mode: text,
  mac: text,
  vlan: number,
  spin: number,
  capture: text,
  loopback: text,
  fallback: text,
  ports: list,
  prefixes: list,
  workers: text,
};
/** Variables that others read; a name near one of ours and not among these is a typing error. */
const OTHERS = [
  'CONFIG',
  'REPORT',
  'ANNOUNCE',
  'RUN',
  'OWNER',
  'OPENED',
  'FDS',
  'BROKER',
  'CHECKSUM',
  'NATIVE',
  'FAULT',
  'SLOW',
  'COPY',
];

/** Throws an error that lists everything that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env, folder = process.cwd()): NetConfig {
  const problems: string[] = [];
  const config = { ...fromFile(env, folder, problems), ...fromVariables(env, problems) };
  problems.push(...complaints(config));
  if (problems.length === 0) return config;
  const error = new Error(`usertcp cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  throw Object.assign(error, { code: 'ERR_USERTCP_CONFIG', problems });
}

/** The part that is about the stack. */
export function stackOptions(config: NetConfig): StackOptions {
  const { loopback, fallback, prefixes, ports, workers, ...options } = config;
  // On loopback they are a rule like the others, and nothing that a stack is to claim.
  if (ports === undefined || config.device === undefined) return options;
  return { ...options, ports: [...checkRules({ ports }).ports!] };
}

function fromFile(env: NodeJS.ProcessEnv, folder: string, problems: string[]): NetConfig {
  const named = env.USERTCP_CONFIG;
  const files = named === undefined ? FILES : [named];
  const file = files.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (file === undefined) {
    if (named !== undefined) problems.push(`USERTCP_CONFIG: there is no file ${resolve(folder, named)}`);
    return {};
  }
  try {
    const loaded = createRequire(file)(file) as { default?: NetConfig };
    const config = loaded?.default ?? (loaded as NetConfig);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config;
    problems.push(`${file}: it must ${file.endsWith('.json') ? 'hold' : 'export'} an object of options`);
  } catch (error) {
    problems.push(`${file}: ${(error as Error).message.replace(`${file}: `, '')}${cannotRead(file)}`);
  }
  return {};
}

/** Node 20 reads no types. */
function cannotRead(file: string): string {
  const { typescript } = process.features as { typescript?: string | false };
  if (!file.endsWith('.ts') || typescript) return '';
  return `; Node ${process.version} does not read TypeScript: write usertcp.config.js or .json, or take Node 22.18 or newer`;
}

function fromVariables(env: NodeJS.ProcessEnv, problems: string[]): NetConfig {
  const config: Record<string, unknown> = {};
  const known = Object.keys(VARIABLES).map((name) => name.toUpperCase());
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('USERTCP_') || value === undefined || value === '') continue;
    const key = name.slice('USERTCP_'.length);
    if (known.includes(key)) config[key.toLowerCase()] = VARIABLES[key.toLowerCase()]!(value);
    else if (!OTHERS.includes(key)) {
      const near = nearest(key, known);
      if (near !== undefined) problems.push(`${name}: there is no such variable. Did you mean USERTCP_${near}?`);
    }
  }
  return config as NetConfig;
}

/** The first fault of each option: an option that is wrong is left out, and the rest looked at again. */
function complaints(config: NetConfig): string[] {
  const found: string[] = [];
  const rest: Record<string, unknown> = { ...config };
  for (;;) {
    try {
      checkRules(rest);
      const workers = checkOneOf('workers', rest.workers as NetConfig['workers'], ['kernel', 'shard'], 'kernel');
      const others: readonly string[] = [...RULES, 'workers'];
      const options = Object.fromEntries(Object.entries(rest).filter(([name]) => !others.includes(name)));
      const shard = workers === 'shard' ? { index: 0, group: createShardGroup() } : undefined;
      checkOptions({ ...options, ...(shard && { shard }) } as StackOptions);
      return found;
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      found.push(error.message);
      const [name = ''] = error.option.split(/[.[]/);
      if (!(name in rest)) return found;
      leaveOut(rest, name);
    }
  }
}

/** What others are judged by is not missed in its turn. */
function leaveOut(rest: Record<string, unknown>, name: string): void {
  delete rest[name];
  if (name !== 'addresses' || rest.device === undefined) return;
  delete rest.gateway;
  delete rest.routes;
  rest.addresses = ['192.0.2.1/24'];
}
