/** What the pure core and the shell need from the world. Everything here can be virtual. */

/** Microseconds since an arbitrary origin; a float64, so it never wraps. */
export type Micros = number;

/** Time, and one alarm. */
export interface Clock {
  /** µs since an origin of its own. */
  now(): Micros;
  /** Calls `wake` once at or after `at`; a later call replaces it; Infinity cancels. */
  setAlarm(at: Micros, wake: () => void): void;
  /** Whether the alarm alone keeps the process alive. */
  ref?(on: boolean): void;
}

/** Where randomness comes from. */
export interface Rng {
  /** 32 random bits as an int32. */
  u32(): number;
}

/** Regions of core state; a plain ArrayBuffer is committed on touch, so reserving is free. */
export interface Memory {
  /** A region of so many bytes, all zero. */
  region(name: string, bytes: number): ArrayBuffer;
}

/** What a link reads of the core's state in order to find flows and make headers. */
export interface SharedRegions {
  /** TCB rows, ROW_WORDS each. */
  readonly rows: Int32Array;
  /** The flow table (abi.ts FLOW_*). */
  readonly flows: Int32Array;
  /** Next hops, HOP_WORDS each. */
  readonly hops: Int32Array;
  /** Send arena: payload, option bytes and raw frames of transmit descriptors. */
  readonly arena: Uint8Array;
}

/** What a link does for the stack. */
export interface LinkOffload {
  /** The device completes partial checksums. */
  readonly txChecksum: boolean;
  /** Largest IP packet (headers included) that may be handed over in one transmit descriptor; `mtu` when it cannot cut. */
  readonly maxPacket: number;
}

/**
 * Everything that carries frames. Nothing above a link assumes a ring, a vnet header or an operating system.
 * A link owns two descriptor buffers. Receive memory is lent from the moment `onBurst` is called until it returns.
 */
export interface Link {
  /** In metrics and captures. */
  readonly name: string;
  /** 'ether' links carry frames with MAC addresses; 'loop' links deliver to the stack that sent. */
  readonly kind: 'ether' | 'loop';
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Largest IP packet in one frame, bytes. */
  readonly mtu: number;
  /** What it takes off our hands. */
  readonly offload: LinkOffload;
  /** Bytes of received payload the link can hold while nobody reads: bounds the sum of advertised windows. */
  readonly capacity: number;
  /** Where received payload lies. */
  readonly rxMemory: Uint8Array;
  /**
   * Whether frames longer than a segment are copied when they are handled, and not by the core that they come from (ADR 55);
   * false = there is no such way. Absent: none.
   */
  readLong?(on: boolean): boolean;
  /** Descriptors of what came, 16 words each (ARCHITECTURE.md). */
  readonly rx: Int32Array;
  /** Descriptors of what is to leave. */
  readonly tx: Int32Array;
  /** One Float64 per name in abi.ts COUNTERS. */
  readonly counters: Float64Array;
  /** Gives the link the core's regions and the addresses to accept; called once, before `start`. */
  attach(shared: SharedRegions): void;
  /** Begins to deliver: `onBurst(n)` with n descriptors (pieces included) in `rx`. */
  start(onBurst: (n: number) => void, onDown: (error: Error) => void): void;
  /** Sends the first n descriptors (pieces included) of `tx`. Payload may be reused once this returns. */
  flush(n: number): void;
  /**
   * Transmit pieces may name `region` (1 to 1023) from now on: bytes of the user's own, sent from where they are. null
   * takes the name back. A link without this only gets pieces of the arena.
   */
  lend?(region: number, bytes: Uint8Array | null): void;
  /** A link to ourselves: calls `act` once, in a later turn, when what was sent until then has arrived. It must not throw. */
  behind?(act: () => void): void;
  /** Tells which destination addresses to accept (mapped form, 4 words each), and the ports in shared mode. */
  setAddresses?(addresses: Int32Array): void;
  /** The network carries no more than this, whatever the device could: `mtu` is at most that from now on. */
  limitMtu?(mtu: number): void;
  /** It keeps the process alive. */
  ref(): void;
  /** It does not. */
  unref(): void;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}
