/** What a stack's IP layer is told at creation; absent = off, or the default. */
import { DEFAULT_REASSEMBLY } from './reassembly.ts';

export interface IpSettings {
  /** Bytes for fragments of datagrams that are not whole yet. */
  readonly reassemblyBytes: number;
  /**
   * Whether to ask if somebody else has an address of ours: not at all, while it is in use already, or before it is used
   * (RFC 4862 §5.4, RFC 5227; docs/adr).
   */
  readonly duplicates: 'off' | 'background' | 'wait';
  /** Whether a link with IPv6 gets a link-local address, too. */
  readonly linkLocal: boolean;
  /** Whether routers may configure us: default routes, prefixes, addresses (RFC 4861 §6.3, RFC 4862 §5.5). */
  readonly slaac: boolean;
  /** Whether the groups of our addresses are reported (RFC 3810). */
  readonly multicastReports: boolean;
  /** Whether packets that came by an IPv4 source route are taken, and answered along it; else they are dropped (RFC 7126 §4.3, §4.4; ADR 42). */
  readonly sourceRoutes: 'drop' | 'accept';
  /** Four words that interface identifiers follow from. */
  readonly secret: Int32Array;
}

export const DEFAULT_IP: IpSettings = {
  reassemblyBytes: DEFAULT_REASSEMBLY,
  duplicates: 'off',
  linkLocal: false,
  slaac: false,
  multicastReports: false,
  sourceRoutes: 'drop',
  secret: Int32Array.of(0x75736572, 0x74637069, 0x66206964, 0x656e7469),
};
