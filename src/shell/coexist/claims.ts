/**
 * What running stacks claim of devices. It is written down nowhere but in their nftables tables, which go with them: the name of a
 * table says whose it is, its chain for which VLAN, and its rules which addresses and ports.
 */
import { readFileSync } from 'node:fs';
import { PortSet } from './port-set.ts';

export interface Claim {
  readonly table: string;
  /** Of the process whose it is, in that process's own PID namespace. */
  readonly pid: number;
  /** The same in all tables of one process, and in no other's. */
  readonly process: string;
  readonly device: string;
  /** undefined = untagged frames. */
  readonly vlan: number | undefined;
  /** As nft writes it. */
  readonly address: string;
  /** undefined = all that there are. */
  readonly ports: PortSet | undefined;
}

const NAME = 'usertcp';
/** Of this process: two containers that share a network may each have a process 1, but not begun at the same clock tick. */
const PROCESS = `${process.pid}_${startOfProcess()}`;
/** What a chain that is for one VLAN is called, but for the number. */
const TAGGED = 'ingress_vlan';

/** A name for the tables of this process; `unique`: apart from its others. */
export function tableName(unique: string): string {
  return `${NAME}_${PROCESS}_${unique}`;
}

export function chainName(vlan: number | undefined): string {
  return vlan === undefined ? 'ingress' : `${TAGGED}${vlan}`;
}

/** Out of `nft -n list ruleset netdev`; the oldest table first. */
export function claimsIn(ruleset: string): Claim[] {
  return ruleset
    .split(/^table netdev /m)
    .filter((table) => table.startsWith(`${NAME}_`))
    .flatMap(claimsOf);
}

function claimsOf(text: string): Claim[] {
  const table = /^\S+/.exec(text)![0];
  const [, pid = '0', started = ''] = table.split('_');
  const vlan = new RegExp(`chain ${TAGGED}(\\d+)`).exec(text)?.[1];
  const owner = {
    table,
    pid: Number(pid),
    process: `${pid}_${started}`,
    device: /\bdevices? (?:= \{ )?"?([^\s",;]+)/.exec(text)?.[1] ?? '',
    vlan: vlan === undefined ? undefined : Number(vlan),
  };
  const rules = text.matchAll(/\bip6? daddr (\S+)(?: tcp dport (?:\{([^}]*)\}|(\S+)))? counter/g);
  return Array.from(rules, ([, address, set, one]) => {
    const ports = set ?? one;
    return { ...owner, address: address!, ports: ports === undefined ? undefined : PortSet.parse(ports) };
  });
}

/** Clock ticks from the start of the system to that of this process (proc_pid_stat(5), field 22); '0' where nobody tells. */
function startOfProcess(): string {
  try {
    // The name of the program, field 2, may contain spaces and parentheses.
    return (
      readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[19] ?? '0'
    );
  } catch {
    return '0';
  }
}
