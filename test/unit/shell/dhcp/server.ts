/** A DHCP server for tests: what it is told to, on a stack of a simulated world. */
import {
  ACK,
  BOOTREPLY,
  type DhcpMessage,
  DISCOVER,
  decodeDhcp,
  encodeDhcp,
  NAK,
  OFFER,
  OPTION_DNS,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_MTU,
  OPTION_ROUTERS,
  OPTION_SERVER,
  OPTION_TYPE,
  REQUEST,
  typeOf,
  u32,
} from '../../../../src/shell/dhcp/message.ts';
import type { Stack } from '../../../../src/shell/stack.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';

export const ip = (text: string): number => parseAddress(text)[3]!;

export interface Policy {
  address: string;
  lease: number;
  router?: string;
  dns?: string;
  mtu?: number;
  /** Answers nothing, or NAK to requests. */
  mood: 'kind' | 'silent' | 'refusing';
}

export function reply(to: DhcpMessage, type: number, server: string, policy: Policy): DhcpMessage {
  const options = new Map([
    [OPTION_TYPE, Uint8Array.of(type)],
    [OPTION_SERVER, u32(ip(server))],
  ]);
  if (type !== NAK) {
    options.set(OPTION_LEASE, u32(policy.lease));
    options.set(OPTION_MASK, u32(ip('255.255.255.0')));
    if (policy.router !== undefined) options.set(OPTION_ROUTERS, u32(ip(policy.router)));
    if (policy.dns !== undefined) options.set(OPTION_DNS, u32(ip(policy.dns)));
    if (policy.mtu !== undefined) options.set(OPTION_MTU, Uint8Array.of(policy.mtu >> 8, policy.mtu));
  }
  const yiaddr = type === NAK ? 0 : ip(policy.address);
  return { ...to, op: BOOTREPLY, ciaddr: 0, yiaddr, options };
}

/** Messages: more than any test asks for in its hours. */
const ENOUGH = 1000;

export class DhcpServer {
  readonly policy: Policy;
  /** Types of what came, and how. */
  readonly heard: { type: number; from: string; to: string; message: DhcpMessage }[] = [];

  constructor(stack: Stack, address: string, policy: Policy) {
    this.policy = policy;
    const socket = stack.udp.bind({ port: 67, broadcast: true });
    socket.onMessage((bytes, from) => {
      const message = decodeDhcp(bytes)!;
      const type = typeOf(message);
      this.heard.push({ type, from: from.address, to: from.destination, message });
      if (this.heard.length > ENOUGH) throw new Error('asked again and again: its deadline does not move');
      if (this.policy.mood === 'silent' || (type !== DISCOVER && type !== REQUEST)) return;
      const answer = type === DISCOVER ? OFFER : this.policy.mood === 'refusing' ? NAK : ACK;
      const to = message.ciaddr === 0 ? '255.255.255.255' : from.address;
      socket.send(encodeDhcp(reply(message, answer, address, this.policy)), 68, to);
    });
  }

  types(): number[] {
    return this.heard.map(({ type }) => type);
  }
}
