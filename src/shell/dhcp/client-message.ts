/** What the client says of itself in every message (RFC 2131 §4.4.1, table 5). */
import {
  BOOTREQUEST,
  BROADCAST_FLAG,
  type DhcpMessage,
  DISCOVER,
  OPTION_CLIENT,
  OPTION_DNS,
  OPTION_DOMAIN,
  OPTION_HOSTNAME,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_MAX_SIZE,
  OPTION_MTU,
  OPTION_ROUTERS,
  OPTION_T1,
  OPTION_T2,
  OPTION_TYPE,
  OPTION_WANTED,
  REQUEST,
} from './message.ts';

export interface DhcpIdentity {
  readonly mac: Uint8Array;
  readonly client: Uint8Array;
  readonly hostname: string | undefined;
  /** Random bits: ids and jitter. */
  readonly random: () => number;
  /** Bytes of the largest message that may be sent to us. */
  readonly maxSize: number;
}

const PLEASE = [OPTION_MASK, OPTION_ROUTERS, OPTION_DNS, OPTION_DOMAIN, OPTION_MTU, OPTION_LEASE, OPTION_T1, OPTION_T2];

/** `elapsed`: ms since this round of questions began. */
export function clientMessage(who: DhcpIdentity, type: number, xid: number, elapsed: number): DhcpMessage {
  const { mac, client, hostname, maxSize } = who;
  const options = new Map([
    [OPTION_TYPE, Uint8Array.of(type)],
    [OPTION_CLIENT, client],
  ]);
  if (type === DISCOVER || type === REQUEST) {
    options.set(OPTION_MAX_SIZE, Uint8Array.of(maxSize >>> 8, maxSize));
    options.set(OPTION_WANTED, Uint8Array.from(PLEASE));
    if (hostname !== undefined) options.set(OPTION_HOSTNAME, Buffer.from(hostname));
  }
  const secs = Math.min(0xffff, Math.floor(elapsed / 1000));
  return { op: BOOTREQUEST, xid, secs, flags: BROADCAST_FLAG, ciaddr: 0, yiaddr: 0, chaddr: mac, options };
}
