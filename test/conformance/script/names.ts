/** Numbers of the core ↔ words of scripts. */
import * as codes from '../../../src/core/events.ts';

export const EVENT_TYPES: Readonly<Record<number, string>> = {
  [codes.EV_ACCEPT]: 'accept',
  [codes.EV_CONNECT]: 'connect',
  [codes.EV_DATA]: 'data',
  [codes.EV_END]: 'end',
  [codes.EV_DRAIN]: 'drain',
  [codes.EV_CLOSED]: 'closed',
  [codes.EV_URGENT]: 'urgent',
  [codes.EV_SOFT_ERROR]: 'soft',
  [codes.EV_ALL_ACKED]: 'acked',
  [codes.EV_SILENT]: 'silent',
};

const ERRORS = new Map<number, string>(
  Object.entries(codes)
    .filter(([name, value]) => typeof value === 'number' && value <= 0 && /^(OK|E[A-Z]{4,})$/.test(name))
    .map(([name, value]) => [value as number, name]),
);

export function errorName(code: number): string {
  return ERRORS.get(code) ?? String(code);
}

/** A count as it is, else the name. */
export function resultName(result: number): string {
  return result > 0 ? String(result) : errorName(result);
}

const URGENT = ['ahead', 'moved', 'reached'];

export function eventDetail(type: string, words: Int32Array): string {
  switch (type) {
    case 'data':
      return String(words[5]);
    case 'closed':
      return errorName(words[3]!);
    case 'urgent':
      return words[3] === 3 ? `octet ${words[5]}` : (URGENT[words[3]!] ?? String(words[3]));
    case 'soft':
      return words[3]! < 0 && words[3]! > -100
        ? errorName(words[3]!)
        : `icmp ${(words[3]! >> 8) & 0xff} ${words[3]! & 0xff}`;
    case 'drain':
      return String(words[3]);
    case 'acked':
      return words[3] === 1 ? 'fin' : '';
    default:
      return '';
  }
}
