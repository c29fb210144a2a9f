/** A script run once on the simulated core, to learn how long it takes and what it needs, before it is run elsewhere. */
import type { Backend, Call, Tuple } from '../conformance/script/backend.ts';
import { type Conformance, perform } from '../conformance/script/conform.ts';
import { CoreBackend, type CoreBackendOptions } from '../conformance/script/core-backend.ts';
import { withoutTwin } from '../conformance/script/kernel-settings.ts';
import { atOnce } from './differences.ts';

/** Longer scripts are for virtual time alone. */
const LONGEST = 16_000_000;

export interface Rehearsal {
  /** With what the script's `option` lines added. */
  readonly options: CoreBackendOptions;
  /** Without a silence that nothing follows. */
  readonly duration: number;
  /** Which pass of time is that last silence; it need not be waited out. */
  readonly lastPass: number;
  /** What it calls, and the states it asks for. */
  readonly calls: readonly string[];
  readonly states: readonly string[];
  /** Why only the core can run it. */
  readonly coreOnly: string | undefined;
}

const ASKING = ['state', 'call', 'inject', 'pass'];

/** CLOSE, ABORT and SEND before ESTABLISHED: the kernel has no socket for a half-open connection. */
function needs(backend: CoreBackend, tuple: Tuple, { name, words }: Call): string | undefined {
  if (name === 'discard') return 'text taken back before it was sent';
  if (name === 'open') return 'OPEN on a record that exists';
  if (name === 'connect' && backend.state({ ...tuple, rport: 1 }) === 'LISTEN')
    return 'OPEN from a port where one listens: bind() refuses it';
  if (name === 'listen' || name === 'connect' || name === 'status') return undefined;
  const state = backend.state(tuple);
  if (state === 'SYN_SENT' && name === 'send') return 'SEND before the handshake: the kernel takes no text yet';
  if (state === 'TIME_WAIT') return `${name} in TIME-WAIT: the kernel's record has no socket any more`;
  if (state === 'SYN_RECEIVED') return `${name} in SYN-RECEIVED, where the kernel has no socket yet`;
  if (state === 'LISTEN' && !['close', 'abort'].includes(name)) return `${name} on a listener`;
  if (state === 'CLOSED') return `${name} on nothing: there is no socket to name`;
  if (name === 'keepalive' && Number(words[0]) % 1000 > 0) return 'keep-alive in fractions of a second';
  return undefined;
}

export async function rehearse(script: Conformance): Promise<Rehearsal> {
  let core: CoreBackend | undefined;
  let reason: string | undefined;
  let options: CoreBackendOptions = {};
  let begin = 0;
  let end = 0;
  let lastPass = 0;
  let passes = 0;
  const calls = new Set<string>();
  const states = new Set<string>();
  const make = (given: CoreBackendOptions): Backend => {
    options = given;
    reason = withoutTwin(given);
    const made = new CoreBackend(given);
    core = made;
    begin = end = made.now();
    return new Proxy(made, {
      get(target, key) {
        if (['core', 'link', 'rowOf', 'info', 'find'].includes(key as string))
          reason ??= 'it looks into the tables of our core';
        const value = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (key === 'call') reason ??= needs(target, args[0] as Tuple, args[1] as Call);
          if (ASKING.includes(key as string)) {
            end = target.now();
            lastPass = 0;
          }
          const result = value.apply(target, args);
          if (key === 'call') calls.add((args[1] as Call).name);
          if (key === 'state') states.add(result as string);
          if (key !== 'pass') return result;
          passes++;
          const found = (args[1] as (() => boolean) | undefined)?.() === true;
          lastPass = found ? 0 : passes;
          if (found) end = target.now();
          return result;
        };
      },
    });
  };
  try {
    await perform(4, script.body, script.settings, make);
  } catch {
    // The conformance test of this script says what is wrong.
  }
  if (atOnce.includes(script.name)) reason ??= 'it takes frames by itself, at once';
  if (core === undefined) reason ??= 'no stack was asked for';
  const duration = end - begin;
  if (duration > LONGEST) reason ??= `it takes ${Math.round(duration / 1e6)} s`;
  return { options, duration, lastPass, calls: [...calls], states: [...states], coreOnly: reason };
}
