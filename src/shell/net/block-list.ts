/** `net.BlockList` of the newest Node, for a Node whose own only grows: the list is made anew when a rule goes. */
import net from 'node:net';
import { OptionError } from '../option-error.ts';

type Family = 'ipv4' | 'ipv6';
type Address = string | net.SocketAddress;
type Adder = (list: net.BlockList) => void;

const FAMILIES: Readonly<Record<string, Family>> = { IPv4: 'ipv4', IPv6: 'ipv6' };
const spell = (family: Family): string => (family === 'ipv4' ? 'IPv4' : 'IPv6');

const asObject = (address: Address, family: Family): net.SocketAddress =>
  typeof address === 'string' ? new net.SocketAddress({ address, family }) : address;

function parseCidr(cidr: string): [address: string, prefix: number, family: Family] {
  const [address = '', prefix] = String(cidr).split('/');
  const family = net.isIP(address);
  if (family === 0 || prefix === undefined)
    throw new OptionError('cidr', cidr, "an address and a prefix length, such as '10.0.0.0/8'");
  return [address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6'];
}

export class BlockList extends net.BlockList {
  static PRIVATE_RANGES = [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '127.0.0.0/8',
    '::1/128',
    '169.254.0.0/16',
    'fe80::/10',
    'fc00::/7',
  ];
  readonly #rules = new Map<string, Adder>();
  #list = new net.BlockList();

  static {
    // An accessor there too, whatever its types say.
    Object.defineProperty(BlockList.prototype, 'rules', {
      get(this: BlockList) {
        return this.#list.rules;
      },
    });
  }

  static isBlockList(value: unknown): value is net.BlockList {
    return value instanceof net.BlockList;
  }

  get size(): number {
    return this.#rules.size;
  }

  override addAddress(address: Address, family: Family = 'ipv4'): void {
    const one = asObject(address, family);
    this.#put(`Address: ${spell(one.family)} ${one.address}`, (list) => list.addAddress(one));
  }

  override addRange(start: Address, end: Address, family: Family = 'ipv4'): void {
    const [low, high] = [asObject(start, family), asObject(end, family)];
    this.#put(`Range: ${spell(low.family)} ${low.address}-${high.address}`, (list) => list.addRange(low, high));
  }

  override addSubnet(address: Address, prefix: number, family: Family = 'ipv4'): void {
    const one = asObject(address, family);
    this.#put(`Subnet: ${spell(one.family)} ${one.address}/${prefix}`, (list) => list.addSubnet(one, prefix));
  }

  addCIDR(cidr: string): void {
    this.addSubnet(...parseCidr(cidr));
  }

  addCIDRs(cidrs: readonly string[]): void {
    for (const cidr of cidrs) this.addCIDR(cidr);
  }

  addAddresses(addresses: readonly Address[], family: Family = 'ipv4'): void {
    for (const address of addresses) this.addAddress(address, family);
  }

  removeAddress(address: Address, family: Family = 'ipv4'): void {
    const one = asObject(address, family);
    this.#take(`Address: ${spell(one.family)} ${one.address}`);
  }

  removeRange(start: Address, end: Address, family: Family = 'ipv4'): void {
    const [low, high] = [asObject(start, family), asObject(end, family)];
    this.#take(`Range: ${spell(low.family)} ${low.address}-${high.address}`);
  }

  removeSubnet(address: Address, prefix: number, family: Family = 'ipv4'): void {
    const one = asObject(address, family);
    this.#take(`Subnet: ${spell(one.family)} ${one.address}/${prefix}`);
  }

  removeCIDR(cidr: string): void {
    this.removeSubnet(...parseCidr(cidr));
  }

  clear(): void {
    this.#rules.clear();
    this.#list = new net.BlockList();
  }

  override check(address: Address, family: Family = 'ipv4'): boolean {
    return this.#list.check(asObject(address, family));
  }

  toJSON(): readonly string[] {
    return this.rules;
  }

  /** What `toJSON` gave: rules, or the text of them. */
  fromJSON(data: readonly string[] | string): void {
    for (const rule of typeof data === 'string' ? (JSON.parse(data) as string[]) : data) {
      const [, kind, ip = '', first = '', second] =
        /^(Address|Range|Subnet): (IPv[46]) ([^-/]+)(?:[-/](.+))?$/.exec(rule) ?? [];
      const family = FAMILIES[ip];
      if (kind === 'Address') this.addAddress(first, family);
      else if (kind === 'Range') this.addRange(first, second!, family);
      else if (kind === 'Subnet') this.addSubnet(first, Number(second), family);
    }
  }

  #put(name: string, add: Adder): void {
    if (this.#rules.has(name)) return;
    add(this.#list);
    this.#rules.set(name, add);
  }

  #take(name: string): void {
    if (!this.#rules.delete(name)) return;
    this.#list = new net.BlockList();
    for (const add of this.#rules.values()) add(this.#list);
  }
}

/** The Node's own where it has all of it. */
export const NewestBlockList = (
  'removeAddress' in net.BlockList.prototype ? net.BlockList : BlockList
) as typeof BlockList;
