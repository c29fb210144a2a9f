/** A congestion controller in options: the name of one of ours, or an object of the user's. */
import type { CongestionController } from '../../core/tcp/congestion/controller.ts';
import { controllers } from '../../core/tcp/congestion/registry.ts';
import { OptionError } from '../option-error.ts';
import { nearest } from './check.ts';

/** 'newreno', 'cubic', 'bbr', 'dctcp', or a controller of your own. */
export type CongestionChoice = string | CongestionController;

const NEEDED = ['open', 'onAck', 'onLossEvent', 'onRto'] as const;
const POSSIBLE = ['onRecoveryEnd', 'onIdle', 'onSpurious', 'onEce'] as const;
const names = controllers.map(({ name }) => name);
const shown = names.map((n) => JSON.stringify(n)).join(', ');

/** Throws OptionError unless a connection can be given this. */
export function checkCongestion(option: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === 'string') {
    if (names.includes(value)) return;
    const near = nearest(value, names);
    const fix = near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
    throw new OptionError(option, value, `one of ${shown}, or a congestion controller of your own`, fix);
  }
  if (typeof value !== 'object' || value === null)
    throw new OptionError(option, value, `one of ${shown}, or a congestion controller of your own`);
  checkController(option, value as Partial<CongestionController>);
}

function checkController(option: string, given: Partial<CongestionController>): void {
  const { name } = given;
  if (typeof name !== 'string' || name === '')
    throw new OptionError(`${option}.name`, name, 'a name', 'A congestion controller is known by it.');
  const same = controllers.find((c) => c.name === name);
  if (same !== undefined && same !== given)
    throw new OptionError(`${option}.name`, name, `another one: ${shown} are taken`);
  for (const method of NEEDED) {
    if (typeof given[method] !== 'function')
      throw new OptionError(`${option}.${method}`, given[method], 'a function', 'See CongestionController.');
  }
  for (const method of POSSIBLE) {
    if (given[method] !== undefined && typeof given[method] !== 'function')
      throw new OptionError(`${option}.${method}`, given[method], 'a function, or absent');
  }
}
