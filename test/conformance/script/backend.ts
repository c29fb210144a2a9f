/** What a script runs against. The simulated core is one; a kernel or a process behind a wire could be others. */

/** Of the stack under test. */
export interface Tuple {
  readonly local: string;
  readonly lport: number;
  readonly remote: string;
  readonly rport: number;
}

export interface SentFrame {
  readonly time: number;
  readonly bytes: Uint8Array;
}

export interface StackEvent {
  readonly time: number;
  /** 'accept', 'connect', 'data', 'end', 'drain', 'closed', 'urgent', 'soft', 'acked'. */
  readonly type: string;
  readonly detail: string;
  readonly lport: number;
  readonly rport: number;
  readonly remote: string;
  /** Of 'data'. */
  readonly text?: Uint8Array;
}

export interface Call {
  /** As scripts write it. */
  readonly name: string;
  readonly words: readonly string[];
  /** What a send is given. */
  readonly text?: Uint8Array;
}

type Later<T> = T | Promise<T>;

export interface Backend {
  readonly local: string;
  /** MAC of the stack, and of the peer. */
  readonly mac: Uint8Array;
  readonly peerMac: Uint8Array;
  /** Microseconds by which a step may be late or early. */
  readonly tolerance: number;
  /** TCP frames the stack sent, not looked at yet. */
  readonly sent: SentFrame[];
  /** Not looked at yet. */
  readonly events: StackEvent[];
  now(): number;
  /** Lets time pass until `until`, or `enough` says so. */
  pass(until: number, enough?: () => boolean): Later<void>;
  /** The peer sends these frames as one burst, and the stack deals with them. */
  inject(frames: readonly Uint8Array[]): Later<void>;
  /** Makes a call on the connection, or a listener; returns a count, or 'OK', or the name of an error. */
  call(tuple: Tuple, call: Call): Later<string>;
  /** Name of the state of the four-tuple; LISTEN when only a listener waits for it. */
  state(tuple: Tuple): Later<string>;
  /** Every frame so far, of both directions, as a pcapng file; undefined when it cannot. */
  capture(): Uint8Array | undefined;
  close(): Later<void>;
}
