/** How a stack is opened: what the system has to give is asked for, then all is put together. */
import { nativeBlocks } from './link/blocks.ts';
import { pollPhase } from './link/poll-phase.ts';
import type { AddressWatch } from './shell/address-watch.ts';
import { NodeClock } from './shell/clock.ts';
import { debug } from './shell/observe.ts';
import { checkOptions, type Settings, type StackOptions } from './shell/options/stack-options.ts';
import { NodeRng, SecretRng } from './shell/rng.ts';
import { Shard } from './shell/shards/shard.ts';
import type { Stack } from './shell/stack.ts';
import { undoAll } from './shell/undo.ts';
import { assemble } from './stack-assembly.ts';
import { openLinks } from './stack-links.ts';
import { rehearse } from './stack-rehearsal.ts';

/**
 * Opens a stack: on a network interface, on links of your own, or (without either) on loopback only.
 * Rejects with OptionError before anything is opened, or with an error that says what the system refused and how to
 * allow it.
 */
export async function createStack(options: StackOptions = {}): Promise<Stack> {
  const settings = checkOptions(options);
  const never = new AbortController();
  const rehearsed = settings.warmUp > 0 ? rehearse(assemble, settings, settings.warmUp, never.signal) : undefined;
  rehearsed?.catch(() => {}); // whoever opens the stack hears of it, once that is done
  let stack: Stack | undefined;
  try {
    stack = await open(settings);
    debug('rehearsed: %o', await rehearsed);
    return stack;
  } catch (error) {
    never.abort();
    await stack?.close({ timeout: 0 });
    await rehearsed?.catch(() => {});
    throw error;
  }
}

async function open(settings: Settings): Promise<Stack> {
  const shard = settings.shard && new Shard(settings.shard.index, settings.shard.group);
  const { links, warnings, teardown, ephemeralPorts, shared, fence } = await openLinks(settings, shard);
  const complete = ephemeralPorts === undefined ? settings : { ...settings, tcp: { ...settings.tcp, ephemeralPorts } };
  let watch: AddressWatch | undefined;
  let stack: Stack;
  try {
    stack = assemble(complete, {
      links,
      clock: settings.clock ?? new NodeClock(),
      rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
      coreRng: (settings.rng ?? settings.secret ?? !shard) ? undefined : new SecretRng(shard.secret),
      shard,
      later: pollPhase,
      after: nodeTimer,
      warnings,
      teardown,
      blocks: nativeBlocks,
      shared,
      fence,
      watch: (made) => {
        watch = made;
      },
    });
  } catch (error) {
    const closing = links.map((link) => () => link.close());
    throw await undoAll([() => shard?.leave(), ...closing, () => shard?.close(), ...teardown], [error]);
  }
  try {
    await shard?.settled();
    if (settings.ip.duplicates === 'wait' && shared === undefined && shard?.speaks !== false) {
      await watch?.settled(settings.addresses.map(({ text }) => text));
    }
    await stack.dhcp?.ready();
    if (shard?.speaks) shard.ready();
    return stack;
  } catch (error) {
    await stack.close({ timeout: 0 });
    throw error;
  }
}

/** A stack without a wire, at once. Throws OptionError. */
export function createLoopbackStack(options: Omit<StackOptions, 'device' | 'link' | 'links'> = {}): Stack {
  const settings = checkOptions(options);
  return assemble(settings, {
    links: [],
    clock: settings.clock ?? new NodeClock(),
    rng: settings.rng ?? (settings.secret === undefined ? new NodeRng() : new SecretRng(settings.secret)),
    later: pollPhase,
    after: nodeTimer,
    warnings: [],
    teardown: [],
    blocks: nativeBlocks,
  });
}

/** As createStack, and at once where nothing has to be opened. */
export function openStack(options: StackOptions): Stack | Promise<Stack> {
  return options.device === undefined && options.link === undefined && options.links === undefined
    ? createLoopbackStack(options)
    : createStack(options);
}

function nodeTimer(ms: number, fn: () => void, quiet = false): () => void {
  const timer = setTimeout(fn, ms);
  if (quiet) timer.unref();
  return () => clearTimeout(timer);
}
