/** What happens to fragments: held until the datagram is whole, which then goes on as if it had come as one. */
import type { Micros } from '../../ports.ts';
import { DESC_WORDS, RX_KIND } from '../../wire/abi.ts';
import { get16, get32, put16 } from '../../wire/bytes.ts';
import { writeChecksum } from '../../wire/checksum.ts';
import { PARSED } from '../../wire/drop.ts';
import { HeaderChain, lastField } from '../../wire/header-chain.ts';
import { ICMP4_TIME_EXCEEDED } from '../../wire/icmp.ts';
import { ICMP6_PARAMETER_PROBLEM, ICMP6_TIME_EXCEEDED } from '../../wire/icmp6.ts';
import { IPV6_HEADER } from '../../wire/ip.ts';
import { FrameParser } from '../../wire/parse.ts';
import { RX_IN_ARENA } from '../events.ts';
import type { Addresses } from './addresses.ts';
import type { IpCounters } from './counters.ts';
import type { RawOut } from './frames.ts';
import type { Icmp } from './icmp.ts';
import { Packet } from './packet.ts';
import { CONTRADICTS, NO_MEMORY, ODD_LENGTH, Reassembly, TOO_LONG } from './reassembly.ts';

export interface FragmentParts {
  readonly memory: ArrayBuffer;
  readonly raw: RawOut;
  readonly addresses: Addresses;
  readonly icmp: Icmp;
  readonly counters: IpCounters;
}

const FRAGMENT_HEADER = 8;
const MORE_FRAGMENTS = 0x2000;
/** Of the IPv6 header. */
const PAYLOAD_LENGTH = 4;
/** RFC 7112 §5: the first fragment does not show all headers. */
const INCOMPLETE_HEADERS = 3;
/** "fragment reassembly time exceeded" */
const REASSEMBLY = 1;
/** As much of the first fragment as any error quotes. */
const QUOTE = 1280;
const NOT_ECT = 1 << 0;
const CE = 3;
const SEEN_CE = 1 << CE;

export class Fragments {
  readonly held: Reassembly;
  private readonly parts: FragmentParts;
  private readonly parser = new FrameParser();
  private readonly chain = new HeaderChain();
  /** The datagram that is whole: a receive descriptor at word 0, its bytes in the arena until the turn ends. */
  readonly rx = new Int32Array(DESC_WORDS);
  /** The first fragment again, for an error about it. */
  private readonly first = new Packet();

  constructor(parts: FragmentParts) {
    this.parts = parts;
    this.held = new Reassembly(parts.memory);
  }

  /** Whether a datagram is whole now: `rx`. */
  handle(packet: Packet, now: Micros): boolean {
    const { addresses, counters } = this.parts;
    counters.fragments++;
    // To groups nothing is sent in pieces that concerns us; the host's own addresses are its affair.
    if (packet.group || !addresses.isFor(packet.link, packet.dst, 0) || addresses.isHosted(packet.link)) return false;
    const { memory: b, l3, l4, version } = packet;
    if (version === 4) {
      const word = get16(b, l3 + 6);
      const offset = (word & 0x1fff) * 8;
      const more = (word & MORE_FRAGMENTS) !== 0;
      return this.became(this.held.take(packet, get16(b, l3 + 4), b[l3 + 9]!, offset, more), packet, now);
    }
    const header = l4 - FRAGMENT_HEADER;
    const word = get16(b, header + 2);
    const offset = word & 0xfff8;
    if (offset === 0) {
      this.chain.walk(b, l3, packet.end);
      if (this.chain.cut) {
        this.problem(packet, INCOMPLETE_HEADERS, 0, now);
        return false;
      }
    }
    return this.became(this.held.take(packet, get32(b, header + 4), 0, offset, (word & 1) !== 0), packet, now);
  }

  /** Drops what has waited too long, and says so when the first fragment is there (RFC 1122 §3.3.2, RFC 8200 §4.5). */
  run(now: Micros): void {
    for (let slot = this.held.due(); slot >= 0; slot = this.held.due()) {
      this.parts.counters.reassemblyTimeouts++;
      if (this.held.headBytes(slot) > 0) this.tellExpired(slot, now);
      this.held.release(slot);
    }
  }

  private became(result: number, packet: Packet, now: Micros): boolean {
    const { counters } = this.parts;
    if (result >= 0) return this.finish(result, packet.version);
    switch (result) {
      case CONTRADICTS:
        counters.reassemblyOverlaps++;
        break;
      case NO_MEMORY:
        counters.reassemblyDrops++;
        break;
      case ODD_LENGTH:
        this.problem(packet, 0, PAYLOAD_LENGTH, now);
        break;
      case TOO_LONG:
        this.problem(packet, 0, packet.l4 - FRAGMENT_HEADER + 2 - packet.l3, now);
    }
    return false;
  }

  /** IPv4 has no such errors: RFC 1122 §3.2.2.5 leaves a parameter problem to what nothing else covers. */
  private problem(packet: Packet, code: number, pointer: number, now: Micros): void {
    this.parts.counters.reassemblyDrops++;
    if (packet.version === 6) this.parts.icmp.complain(packet, ICMP6_PARAMETER_PROBLEM, code, pointer, now);
  }

  private finish(slot: number, version: number): boolean {
    const { raw, counters } = this.parts;
    const { held } = this;
    const ecn = held.ecn(slot);
    const head = held.headBytes(slot) - (version === 6 ? FRAGMENT_HEADER : 0);
    const total = held.totalBytes(slot);
    const at = raw.borrow(head + FRAGMENT_HEADER + total);
    // RFC 3168 §5.3: CE must not get lost, nor be set on what is not ECN capable.
    if (at < 0 || (ecn & SEEN_CE && ecn & NOT_ECT)) {
      counters.reassemblyDrops++;
      held.release(slot);
      return false;
    }
    held.copyHead(slot, raw.arena, at);
    const l3 = at + held.headL3(slot);
    if (version === 4) sealIpv4(raw.arena, l3, at + head, total);
    else sealIpv6(raw.arena, l3, at + head, total);
    if (ecn & SEEN_CE) markCe(raw.arena, l3, version);
    held.copyData(slot, total, raw.arena, at + head);
    held.release(slot);
    if (this.parser.parse(raw.arena, at, head + total, this.rx, 0, false) !== PARSED) {
      counters.reassemblyDrops++;
      return false;
    }
    counters.reassembled++;
    this.rx[RX_KIND]! |= RX_IN_ARENA << 16;
    return true;
  }

  private tellExpired(slot: number, now: Micros): void {
    const { raw, icmp } = this.parts;
    const { held, first } = this;
    const head = held.headBytes(slot);
    const data = Math.min(QUOTE, held.firstBytes(slot));
    const at = raw.borrow(head + data);
    if (at < 0) return;
    held.copyHead(slot, raw.arena, at);
    held.copyData(slot, data, raw.arena, at + head);
    first.quote(held.linkOf(slot), raw.arena, at, at + held.headL3(slot), at + head, at + head + data);
    icmp.complain(first, first.version === 4 ? ICMP4_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED, REASSEMBLY, 0, now);
  }
}

/** The header of the whole: its length, no fragment any more. */
function sealIpv4(b: Uint8Array, l3: number, l4: number, total: number): void {
  put16(b, l3 + 2, l4 - l3 + total);
  put16(b, l3 + 6, 0);
  writeChecksum(b, l3 + 10, l3, l4 - l3);
}

/** The header that announced the fragment header announces what that one did (RFC 8200 §4.5). `l4`: where that one stands. */
function sealIpv6(b: Uint8Array, l3: number, l4: number, total: number): void {
  put16(b, l3 + PAYLOAD_LENGTH, l4 - l3 - IPV6_HEADER + total);
  b[lastField(b, l3, l4)] = b[l4]!;
}

/** One's complement of the IPv4 header changes with it. */
function markCe(b: Uint8Array, l3: number, version: number): void {
  if (version === 6) {
    b[l3 + 1]! |= CE << 4;
    return;
  }
  b[l3 + 1]! |= CE;
  writeChecksum(b, l3 + 10, l3, (b[l3]! & 15) * 4);
}
