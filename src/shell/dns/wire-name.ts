/** A name as a question carries it. */
import { domainToASCII } from 'node:url';

/** Octets: RFC 1035 §2.3.4, without the length octets and the root. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;
const ROOT = '.';
const ASCII = /^[\0-\x7f]*$/;

/**
 * `name` without the dot at its end, in ASCII (RFC 5891 §4.4, as node:dns and browsers do it); undefined for what is no name: an empty
 * label, one that is too long, or letters that no host name has. The root is '.'.
 */
export function wireName(name: string): string | undefined {
  if (name === '' || name === ROOT) return ROOT;
  const ascii = ASCII.test(name) ? name : domainToASCII(name);
  const whole = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  const good = whole.split('.').every((label) => label.length > 0 && label.length <= LONGEST_LABEL);
  return good && whole.length <= LONGEST_NAME ? whole : undefined;
}
