/** A wrong option: the message names it, shows what came, and says what is allowed. */
import { inspect } from 'node:util';

/** An option is wrong. The message names it, shows what came, and says what is allowed. */
export class OptionError extends TypeError {
  /** As TypeErrors of Node have one. */
  readonly code = 'ERR_USERTCP_OPTION';
  /** Path of the option, such as `routes[0].via`. */
  readonly option: string;

  constructor(option: string, value: unknown, allowed: string, fix?: string) {
    const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 });
    super(`option ${option}: ${shown} is not valid; it must be ${allowed}${fix === undefined ? '' : `. ${fix}`}`);
    this.name = 'OptionError';
    this.option = option;
  }
}
