#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 the arguments are no good. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
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

examples:
  npx usertcp doctor --for device
  npx usertcp demo
  npx usertcp run -- node server.js
  sudo npx usertcp open eth0 -- node app.js
  npx usertcp ladder trace.pcapng --list
`;

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
      process.stdout.write(USAGE);
      return 0;
    default:
      return wrong(`unknown command ${JSON.stringify(command)}`);
  }
}

async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { for: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return help();
  const purpose = values.for ?? 'demo';
  if (purpose !== 'demo' && purpose !== 'interop' && purpose !== 'device') {
    return wrong(`--for takes demo, interop or device, not ${JSON.stringify(purpose)}`);
  }
  return runDoctor({ purpose, json: values.json ?? false, terminal: new Terminal() });
}

async function demo(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { role: { type: 'string' }, with: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return help();
  if (values.role === undefined) return runDemo(new Terminal());
  await runRole(values.role, JSON.parse(values.with ?? '{}'));
  return Number(process.exitCode ?? 0);
}

async function open(args: string[]): Promise<number> {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const { values, positionals } = parseArgs({
    args: args.slice(0, end),
    options: { user: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) return help();
  const command = args.slice(end + 1);
  const [device, ...more] = positionals;
  if (device === undefined || more.length > 0) return wrong('open takes one device: open eth0 -- node app.js');
  if (command.length === 0) return wrong('open takes a command behind --: open eth0 -- node app.js');
  try {
    return await runOpen({ device, command, user: values.user }, process.env);
  } catch (error) {
    if (error instanceof RangeError) return wrong(`open: ${error.message}`);
    throw error;
  }
}

async function run(args: string[]): Promise<number> {
  const command = args[0] === '--' ? args.slice(1) : args;
  if (command[0] === '--help' || command[0] === '-h') return help();
  return command.length === 0 ? wrong('run takes a command, such as: node server.js') : runRun(command, process.env);
}

async function verify(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return help();
  try {
    return await runVerify({
      ...(values.only !== undefined && { only: values.only.split(',') }),
      json: values.json ?? false,
      print: (line) => void process.stdout.write(`${line}\n`),
    });
  } catch (error) {
    if (error instanceof RangeError) return wrong(`--only: ${error.message}`);
    throw error;
  }
}

function help(): number {
  process.stdout.write(USAGE);
  return 0;
}

function wrong(what: string): number {
  process.stderr.write(`usertcp: ${what}\n\n${USAGE}`);
  return 2;
}

// `usertcp doctor | head`: nobody reads on, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const code = (error as { code?: unknown }).code;
  const arguments_ = typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    `usertcp: ${error instanceof Error ? error.message : String(error)}\n${arguments_ ? `\n${USAGE}` : ''}`,
  );
  process.exitCode = arguments_ ? 2 : 1;
}
