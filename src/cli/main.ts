#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 the arguments are no good. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { nearest } from '../shell/options/check.ts';
import { noWords, readArguments, UsageError } from './arguments.ts';
import { runDemo } from './demo/demo.ts';
import { runRole } from './demo/roles.ts';
import { runDoctor } from './doctor.ts';
import { runLadder } from './ladder.ts';
import { runOpen } from './open.ts';
import { runRun } from './run.ts';
import { Terminal } from './terminal.ts';
import { runVerify } from './verify.ts';

const USAGE = `usage: usertcp COMMAND [options]

  doctor [--for demo|interop|device] [--json]   what this machine allows, and the command that fixes what it does not
  demo                                          the stack against the Linux kernel: HTTP both ways, hashes compared
  open DEVICE [--user NAME] -- COMMAND          opens what needs rights, as root, and runs COMMAND without them
  run [--] COMMAND                              a first try: COMMAND on a wire of its own to this host, over our TCP
  verify [--only IDS] [--json]                  what RFC 9293 requires, checked on simulated wires: met or not met
  ladder FILE [--conn N] [--list] [--json]      one connection of a capture as a ladder diagram
  --version, --help

examples:
  npx usertcp doctor --for device
  npx usertcp demo
  npx usertcp run -- node server.js
  sudo npx usertcp open eth0 -- node app.js
  npx usertcp ladder trace.pcapng --list
`;
const COMMANDS = ['doctor', 'demo', 'open', 'run', 'verify', 'ladder', 'help'];
const BEHIND = ' What belongs to the command stands behind --:';

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case 'doctor':
      return doctor(rest);
    case 'demo':
      return demo(rest);
    case 'open':
      return open(rest);
    case 'run':
      return run(rest);
    case 'verify':
      return verify(rest);
    case 'ladder':
      return runLadder(rest, {
        readFile: (path) => readFile(path),
        stdout: (text) => void process.stdout.write(text),
        stderr: (text) => void process.stderr.write(text),
        env: process.env,
        columns: process.stdout.columns,
        isTTY: process.stdout.isTTY,
      });
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      return help();
    case '--version':
    case '-v':
      process.stdout.write(`${version()}\n`);
      return 0;
    default:
      throw new UsageError(notKnown(command));
  }
}

function notKnown(command: string): string {
  if (command.startsWith('-')) return `there is no option ${command}; usertcp itself takes --version, --help`;
  const near = nearest(command, COMMANDS);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `unknown command ${JSON.stringify(command)}; there are ${COMMANDS.join(', ')}.${meant}`;
}

function version(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}

async function doctor(args: string[]): Promise<number> {
  const options = { for: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values, words } = readArguments('doctor', args, options);
  if (values.help) return help();
  noWords('doctor', words);
  const purpose = values.for ?? 'demo';
  if (purpose !== 'demo' && purpose !== 'interop' && purpose !== 'device')
    throw new UsageError(`doctor: --for takes demo, interop or device, not ${JSON.stringify(purpose)}`);
  return runDoctor({ purpose, json: values.json ?? false, terminal: new Terminal() });
}

async function demo(args: string[]): Promise<number> {
  if (args[0] === '--role') return role(args);
  const { values, words } = readArguments('demo', args, {});
  if (values.help) return help();
  noWords('demo', words);
  return runDemo(new Terminal());
}

/** A process of the demo itself. */
async function role(args: string[]): Promise<number> {
  const { values } = readArguments('demo', args, { role: { type: 'string' }, with: { type: 'string' } } as const);
  await runRole(values.role!, JSON.parse(values.with ?? '{}'));
  return Number(process.exitCode ?? 0);
}

async function open(args: string[]): Promise<number> {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const hint = `${BEHIND} usertcp open eth0 -- node app.js`;
  const { values, words } = readArguments('open', args.slice(0, end), { user: { type: 'string' } } as const, hint);
  if (values.help) return help();
  const command = args.slice(end + 1);
  const [device, ...more] = words;
  if (device === undefined) throw new UsageError('open takes a device: usertcp open eth0 -- node app.js');
  if (more.length > 0) {
    const meant = command.length > 0 ? `usertcp open ${device}` : `usertcp open ${device} -- ${more.join(' ')}`;
    throw new UsageError(`open takes one device, not also ${JSON.stringify(more[0])}.${BEHIND} ${meant}`);
  }
  if (command.length === 0)
    throw new UsageError(`open takes a command behind --: usertcp open ${device} -- node app.js`);
  try {
    return await runOpen({ device, command, user: values.user }, process.env);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`open: ${error.message}`);
    throw error;
  }
}

/** Its options end where the command begins: at --, or at the first word that is none. */
async function run(args: string[]): Promise<number> {
  const begin = args.findIndex((word) => word === '--' || !word.startsWith('-'));
  const own = begin < 0 ? args : args.slice(0, begin);
  const { values } = readArguments('run', own, {}, `${BEHIND} usertcp run -- node server.js`);
  if (values.help) return help();
  const command = begin < 0 ? [] : args.slice(args[begin] === '--' ? begin + 1 : begin);
  if (command.length === 0) throw new UsageError('run takes a command: usertcp run -- node server.js');
  return runRun(command, process.env);
}

async function verify(args: string[]): Promise<number> {
  const options = { only: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values, words } = readArguments('verify', args, options);
  if (values.help) return help();
  noWords('verify', words);
  try {
    return await runVerify({
      ...(values.only !== undefined && { only: values.only.split(',') }),
      json: values.json ?? false,
      print: (line) => void process.stdout.write(`${line}\n`),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`verify: --only: ${error.message}, such as MUST-2,SHLD-4`);
    throw error;
  }
}

function help(): number {
  process.stdout.write(USAGE);
  return 0;
}

// `usertcp doctor | head`: nobody reads on, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError ? '\n\nusertcp --help says what there is.' : '';
  process.stderr.write(`usertcp: ${error instanceof Error ? error.message : String(error)}${usage}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
