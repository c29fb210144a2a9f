/**
 * Other programs with a stack on this device. Two that had the same address, or the same ports of it, would answer each other's
 * segments with RST, and neither hears the other's ARP: the later one is told before it opens its end.
 */
import { execFile } from 'node:child_process';
import { StackError } from '../errors.ts';
import { type Claim, claimsIn } from './claims.ts';
import { NFT_ENV } from './nft.ts';
import type { Plan } from './plan.ts';
import type { PortSet } from './port-set.ts';

/** A stack that was killed has its table until the guard is done, which takes some ms where nothing else is running. */
const LOOKS = 40;
const PAUSE_MS = 50;
const LARGEST_LIST = 1 << 26;

/** What two claim. */
interface Overlap {
  readonly theirs: Claim;
  /** undefined = all of the address. */
  readonly ports: PortSet | undefined;
}

/**
 * Resolves when nobody else claims what our table claims. Rejects when an older table still does so after two seconds. To be called
 * with our table in place, so that of two who start at once one finds the other.
 */
export async function refuseRivals(table: string, { mode, ephemeralPorts }: Plan): Promise<void> {
  for (let look = 1; ; look++) {
    const found = overlap(claimsIn(await list()), table);
    if (found === undefined) return;
    if (look === LOOKS) throw found.ports === undefined ? addressTaken(mode, found) : portsTaken(found, ephemeralPorts);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** The first claim of another process that our table's overlaps, of those that are older; undefined = there is none. */
export function overlap(claims: readonly Claim[], table: string): Overlap | undefined {
  const first = claims.findIndex((claim) => claim.table === table);
  const older = claims.slice(0, Math.max(first, 0));
  for (const ours of claims.filter((claim) => claim.table === table)) {
    for (const theirs of older) {
      const ports = common(ours.ports, theirs.ports);
      if (ports?.ranges.length !== 0 && samePlace(ours, theirs)) return { theirs, ports };
    }
  }
  return undefined;
}

/**
 * Why packets for us may not have met our rules, although the kernel did not get them: rules of a younger stack come before ours. It is
 * on another VLAN, or about to be refused. undefined = nobody else has rules for our addresses.
 */
export async function whoElseHides(table: string): Promise<string | undefined> {
  const claims = claimsIn(await list());
  const ours = claims.filter((claim) => claim.table === table);
  const other = claims.find((theirs) => ours.some((our) => sameAddress(our, theirs) && our.process !== theirs.process));
  return other && `process ${other.pid} hides packets to ${other.address} on ${place(other)}, too`;
}

/** Stacks of one process agree among themselves: they are shards, or follow each other. */
function samePlace(ours: Claim, theirs: Claim): boolean {
  return ours.process !== theirs.process && ours.vlan === theirs.vlan && sameAddress(ours, theirs);
}

function sameAddress(ours: Claim, theirs: Claim): boolean {
  return ours.device === theirs.device && ours.address === theirs.address;
}

function common(ours: PortSet | undefined, theirs: PortSet | undefined): PortSet | undefined {
  if (ours === undefined) return theirs;
  return theirs === undefined ? ours : ours.without(ours.without(theirs));
}

/** '' when nobody may look any more. */
function list(): Promise<string> {
  const options = { env: NFT_ENV, maxBuffer: LARGEST_LIST };
  return new Promise((resolve) => {
    execFile('nft', ['-n', 'list', 'ruleset', 'netdev'], options, (_error, stdout) => resolve(stdout));
  });
}

function addressTaken(mode: string, { theirs }: Overlap): StackError {
  return new StackError(
    'ERR_USERTCP_ADDRESS_TAKEN',
    `mode '${mode}': process ${theirs.pid} has a stack with ${theirs.address} on ${place(theirs)}, and each would reset ` +
      "the other's connections. Stop that program, give this stack another address, or have worker threads of one " +
      'program share it: shard (docs/sharding.md)',
  );
}

function portsTaken({ theirs, ports }: Overlap, ephemeralPorts: Plan['ephemeralPorts']): StackError {
  const [first, last] = ephemeralPorts ?? [0, -1];
  const chosen = ports!.ranges.some(([from, to]) => from <= last && to >= first);
  const hint = chosen ? 'give tcp.ephemeralPorts other ports' : 'take it out of ports';
  return new StackError(
    'ERR_USERTCP_PORT_TAKEN',
    `mode 'shared': process ${theirs.pid} has a stack with port ${ports} of ${theirs.address} on ${place(theirs)}, and each ` +
      `would reset the other's connections. Stop that program, or ${hint}`,
  );
}

function place({ device, vlan }: Claim): string {
  return vlan === undefined ? device : `${device}, VLAN ${vlan}`;
}
