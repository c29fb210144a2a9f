/** What a script runs against: the simulated core, the Linux kernel, or a process of ours behind a real wire. */

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
  /** The stack's port; fresh for each script where connections outlive one. */
  readonly lport: number;
  /** Microseconds by which a segment that is due `after` the step before may come early or late. */
  early(after: number): number;
  late(after: number): number;
  /** Microseconds to wait for a state or an event that should be there; 0 in virtual time. */
  readonly patience: number;
  /** Ours alone promises how large its window is, into which pieces it delivers text, and no PSH beyond those it must set. */
  readonly exact: boolean;
  /** Whether the stack's user learns of events of this type. */
  tells(event: string): boolean;
  /** TCP frames the stack sent, not looked at yet. */
  readonly sent: SentFrame[];
  /** Not looked at yet. */
  readonly events: StackEvent[];
  now(): number;
  /** When the last call or injection took place. */
  readonly happened: number;
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
