/**
 * The words that C++ and TypeScript share. This file is the one declaration; `native/core/abi.h` mirrors it and
 * every number is compared with the addon's when it is loaded (link/native.ts), so drift fails at start.
 *
 * A descriptor is 16 int32 words (64 bytes). One descriptor stands for one super-segment: everything of one flow that
 * the device, the kernel or our own merging put together. Its first piece of payload is in the descriptor; up to
 * seven further pieces follow in each PIECE descriptor, because ring slots are not contiguous and merging never copies.
 */

export const ABI_VERSION = 1;
/** Words in one descriptor, receive and transmit. */
export const DESC_WORDS = 16;

// ---- receive: word numbers --------------------------------------------------------------------------------------
/** bits 0..7 kind (KIND_*), 8..15 number of PIECE descriptors that follow, 16..23 RX_* flags. */
export const RX_KIND = 0;
/** Row of the flow, or -1 when the demultiplexer knows none. */
export const RX_ROW = 1;
export const RX_SEQ = 2;
export const RX_ACK = 3;
/** bits 0..7 TCP flags (FIN SYN RST PSH ACK URG ECE CWR), 8..11 the reserved bits (AE is bit 8), which nobody acts upon [UNTAGGED-1], 16..31 raw window. */
export const RX_FLAGS = 4;
/** Offset of the first payload byte in the link's receive memory. */
export const RX_OFF = 5;
/** Payload bytes in the first piece. */
export const RX_LEN = 6;
/** Payload bytes in all pieces. */
export const RX_TOTAL = 7;
/** low 16 bits: payload bytes of each merged segment, or of each UDP datagram (0 = one only); high 16: number of them (>= 1). */
export const RX_GSO = 8;
export const RX_TSVAL = 9;
export const RX_TSECR = 10;
/** bits 0..7 OPT_* seen, 8..15 TCP header length in bytes, 16..31 urgent pointer. */
export const RX_OPTS = 11;
/** Offset of the frame's first byte (its layer 2 header) in the link's receive memory. */
export const RX_FRAME = 12;
/** low 16: IP header, high 16: layer 4 header, both as offsets from the frame's first byte (0 = not present). */
export const RX_L3L4 = 13;
/** bits 0..7 TOS / traffic class, 8..15 TTL / hop limit, 16..23 segments marked CE (saturating), 24..31 IP version. */
export const RX_IP = 14;
/** Bytes in the frame, layer 2 header included; of the first frame when several were merged. */
export const RX_FRAME_LEN = 15;

// ---- transmit: word numbers -------------------------------------------------------------------------------------
/** bits 0..7 kind (KIND_TCP: headers are made from the row; KIND_RAW: TX_OFF/TX_LEN is a whole frame), 8..15 pieces. */
export const TX_KIND = 0;
/** Row whose identity words give addresses and ports (KIND_TCP). */
export const TX_ROW = 1;
export const TX_SEQ = 2;
export const TX_ACK = 3;
/** As RX_FLAGS; the window is the raw 16-bit field. */
export const TX_FLAGS = 4;
/** Offset of the first payload byte (KIND_RAW: of the frame) in the arena. */
export const TX_OFF = 5;
export const TX_LEN = 6;
/**
 * The length of a transmit piece (TX_LEN and the pairs of PIECE descriptors) holds the number of a lent region from this
 * bit on; its offset counts from there. Region 0 is the arena. See Link.lend.
 */
export const TX_REGION_SHIFT = 20;
export const TX_TOTAL = 7;
/** Payload bytes of each segment when this is to be cut (GSO); 0 = send as one segment. */
export const TX_GSO = 8;
export const TX_TSVAL = 9;
export const TX_TSECR = 10;
/** bits 0..7: OPT_TS writes NOP NOP Timestamps first; 16..31 urgent pointer. */
export const TX_OPTS = 11;
/** Offset in the arena of further option bytes, already padded to a multiple of four. */
export const TX_OPT_OFF = 12;
/** Number of those bytes (0..40). */
export const TX_OPT_LEN = 13;
/** bits 0..7 TOS / traffic class, 8..15 TTL / hop limit. */
export const TX_IP = 14;
/**
 * Low 16: index of the next hop (HOP_* words in the hop table): destination MAC and VLAN. High 16: entry of the same table
 * that has the source route (ROUTE_* words), 0 = none. -1: no hop, no route.
 */
export const TX_HOP = 15;

// ---- kinds and flags --------------------------------------------------------------------------------------------
export const KIND_TCP = 1;
export const KIND_ARP = 2;
export const KIND_ICMP4 = 3;
export const KIND_ICMP6 = 4;
export const KIND_UDP = 5;
/** An IP packet of another protocol. */
export const KIND_OTHER = 6;
/** An IP fragment (offset or more-fragments set). */
export const KIND_FRAGMENT = 7;
/** Seven (offset, length) pairs in words 2..15; word 1 = number of pairs used. Receive and transmit. */
export const KIND_PIECE = 8;
/** Transmit only: a whole frame. */
export const KIND_RAW = 9;

/** Destination MAC was broadcast or multicast. */
export const RX_MULTICAST = 1;
/** It came by an IPv4 source route (LSRR or SSRR); never merged. */
export const RX_ROUTED = 2;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;
/** In TX_FLAGS, above the header's bits: a bare ACK after which no other with its SEQ and ACK is to open the window. It may come late (ADR 56). */
export const ACK_MAY_LAG = 1 << 12;

export const OPT_TS = 1;
export const OPT_MSS = 2;
export const OPT_WS = 4;
export const OPT_SACK_OK = 8;
export const OPT_SACK = 16;
/** An option of another kind (skipped; the core reads it from the header when it wants it). */
export const OPT_OTHER = 32;
/** An illegal option length: parsing stopped there [MUST-7]. */
export const OPT_BAD = 64;

// ---- the row's identity: the words of a TCB that C++ reads (src/core/tcp/row.ts declares all of them) -------------
/** 64 words = 256 bytes = 4 cache lines. */
export const ROW_WORDS = 64;
/** local port << 16 | remote port. */
export const ROW_PORTS = 0;
/** Four words, network order read as big-endian int32; IPv4 is held mapped: 0, 0, 0x0000ffff, address. */
export const ROW_LADDR = 1;
export const ROW_RADDR = 5;

// ---- next hops ---------------------------------------------------------------------------------------------------
export const HOP_WORDS = 16;
/** First four bytes of the destination MAC, big-endian. */
export const HOP_MAC_HI = 0;
/** high 16: last two bytes of the destination MAC; low 16: 802.1Q TCI (0 = untagged). */
export const HOP_MAC_LO = 1;

// ---- source routes: entries of the hop table that are no neighbours -------------------------------------------------
/** Bytes of options in the IPv4 header, a multiple of four, 40 at most. */
export const ROUTE_LENGTH = 0;
/** Where the IPv4 header is addressed to: the first address of the route. The pseudo-header has the last one. */
export const ROUTE_FIRST = 1;
/** The options, as big-endian words. */
export const ROUTE_OPTIONS = 2;

// ---- flow table: open addressing, linear probing, TypeScript writes, C++ and TypeScript read ------------------------
/**
 * Header words, then slots of two words: {tag = full hash, row + 1}; row + 1 = 0 is empty. While it grows, both the
 * current and the previous area are valid: readers look in CUR, then (when PREV_MASK != -1) in PREV.
 */
export const FLOW_HEADER_WORDS = 16;
/** Number of slots - 1 of the current area (a power of two less one). */
export const FLOW_MASK = 0;
/** Word offset of the current area. */
export const FLOW_AREA = 1;
/** As above for the area being emptied, or -1. */
export const FLOW_PREV_MASK = 2;
export const FLOW_PREV_AREA = 3;
/** Secret key of HalfSipHash-1-3 (two words). */
export const FLOW_KEY0 = 4;
export const FLOW_KEY1 = 5;
export const FLOW_COUNT = 6;

// ---- counters (Float64) that a link keeps: index = number -------------------------------------------------------------
export const COUNTERS = [
  'rxFrames',
  'rxBytes',
  'rxBatches',
  'rxRingDrops',
  'rxTruncated',
  'rxMerged',
  'txFrames',
  'txBytes',
  'txBatches',
  'txErrors',
  'txAgain',
  'txAside',
  'gsoFallbacks',
  'spins',
  'spinHits',
  'dropShort',
  'dropEthertype',
  'dropIpVersion',
  'dropIpHeader',
  'dropIpLength',
  'dropIpChecksum',
  'dropExtension',
  'dropTcpHeader',
  'dropTcpChecksum',
  'dropIcmp',
  'dropArp',
  'dropNotOurs',
  'dropNoRoom',
  'dropVlan',
] as const;
/** A counter of a link. */
export type CounterName = (typeof COUNTERS)[number];
