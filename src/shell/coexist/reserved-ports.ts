/**
 * Keeps the kernel from choosing our ports for its own connections (net.ipv4.ip_local_reserved_ports, which holds for
 * IPv6, too). Who holds what is not written down anywhere: the tables of running stacks say it, and they go with them.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { claimsIn } from './claims.ts';
import { RESERVED_PORTS } from './kernel-facts.ts';
import { NFT_ENV } from './nft.ts';
import { PortSet } from './port-set.ts';

export interface Reservation {
  /** What is to be given back: not what the administrator had reserved. '' = nothing. */
  readonly added: string;
  carryOut(): void;
}

/** Throws when the list has to be written and may not. */
export function reservationOf(ours: PortSet): Reservation {
  const before = read();
  const theirs = before.without(heldByOthers());
  const all = before.with(ours).toString();
  if (all !== before.toString()) accessSync(RESERVED_PORTS, constants.W_OK);
  return {
    added: ours.without(theirs).toString(),
    carryOut: () => {
      if (all !== before.toString()) writeFileSync(RESERVED_PORTS, all);
    },
  };
}

/** Takes ports off the list unless another stack still needs them. The table of the stack that gives up is gone by now. */
export function giveBackPorts(added: string): void {
  const free = PortSet.parse(added).without(heldByOthers());
  const now = read();
  const left = now.without(free).toString();
  if (left !== now.toString()) writeFileSync(RESERVED_PORTS, left === '' ? '\n' : left);
}

function read(): PortSet {
  return PortSet.parse(readFileSync(RESERVED_PORTS, 'utf8'));
}

function heldByOthers(): PortSet {
  let tables = '';
  try {
    tables = execFileSync('nft', ['-n', 'list', 'ruleset', 'netdev'], { env: NFT_ENV, encoding: 'utf8' });
  } catch {
    // Without nft nobody holds any.
  }
  const held = claimsIn(tables).flatMap(({ ports }) => ports?.ranges ?? []);
  return new PortSet(held);
}
