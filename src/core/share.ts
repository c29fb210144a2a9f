/**
 * The part of an address's flows that is this stack's, where several stacks have the address: buckets (src/wire/bucket.ts). The
 * shell says which, and says it again when a stack joins or leaves; connections that are here stay, whoever gets their bucket.
 */
import {
  addBucket,
  BERTHS,
  BUCKET_WORDS,
  bucketInBerth,
  bucketOfFlow,
  bucketOfPort,
  hasBucket,
} from '../wire/bucket.ts';
import { KEY_PORTS, KEY_WORDS } from '../wire/flow-key.ts';

/** A set of ports is so many words. */
export const PORT_WORDS = 65536 / 32;

/**
 * What the stacks of the address have agreed on, asked at the moment of a decision that another stack could be harmed by. What this stack
 * took note of (`owned`) follows it some ms later.
 */
export interface Agreement {
  /** Whether the kernel gives the bucket's frames to this stack. */
  isOurs(bucket: number): boolean;
  /** Whether another stack may have connections in the bucket, from before. */
  isKept(bucket: number): boolean;
  /** Whether another stack listens on the port. */
  isServed(port: number): boolean;
}

export class Share {
  /** Whether the address is shared at all. */
  on = false;
  private key0 = 0;
  private key1 = 0;
  private first = 1;
  private last = 0;
  /** Local TCP ports that have buckets of their own, by berth; 0 = nobody's. */
  readonly berths = new Int32Array(BERTHS);
  /** Buckets that were ours when we looked last: SYNs that the kernel gave us then are ours. It gives each to one stack only. */
  readonly owned = new Int32Array(BUCKET_WORDS);
  /** Nobody else, until there is one. */
  agreement: Agreement = {
    isOurs: (bucket) => hasBucket(this.owned, bucket),
    isKept: () => false,
    isServed: () => false,
  };
  /** Local ports of connections that other stacks have in buckets that are not theirs any more: not for ours. */
  readonly avoided = new Int32Array(PORT_WORDS);
  private readonly identity = new Int32Array(KEY_WORDS);

  /** The key of the function; UDP ports from `first` to `last` are chosen by stacks. */
  begin(key0: number, key1: number, first: number, last: number): void {
    this.on = true;
    this.key0 = key0;
    this.key1 = key1;
    this.first = first;
    this.last = last;
  }

  /** Of a flow of TCP. */
  bucketOf(identity: Int32Array, at: number): number {
    const bucket = bucketOfFlow(this.key0, this.key1, identity, at);
    const port = identity[at + KEY_PORTS]! >>> 16;
    const berth = port === 0 ? -1 : this.berths.indexOf(port);
    return berth < 0 ? bucket : bucketInBerth(berth, bucket);
  }

  /** Whether a SYN of these nine identity words, to a flow that nobody here knows, is ours. */
  owns(identity: Int32Array, at: number): boolean {
    const bucket = this.bucketOf(identity, at);
    return hasBucket(this.owned, bucket) || this.agreement.isOurs(bucket);
  }

  /**
   * The same of any other segment. It comes to several stacks while buckets change hands, so what was ours a moment ago does not
   * count: its new owner may have opened the flow meanwhile.
   */
  reaches(identity: Int32Array, at: number): boolean {
    return this.agreement.isOurs(this.bucketOf(identity, at));
  }

  /** Whether it is for us to refuse: nobody else has flows from before there. */
  mayRefuse(identity: Int32Array, at: number): boolean {
    const bucket = this.bucketOf(identity, at);
    return this.agreement.isOurs(bucket) && !this.agreement.isKept(bucket);
  }

  /** Whether the answers to a connection from this local port come back here, and to nobody else. */
  canOpen(identity: Int32Array, at: number): boolean {
    return this.reaches(identity, at) && !hasBucket(this.avoided, identity[at + KEY_PORTS]! >>> 16);
  }

  /** The same of a UDP port, whoever answers. A port that the user names is his affair. */
  canBind(port: number): boolean {
    return this.agreement.isOurs(this.bucketOfPort(port)) && !hasBucket(this.avoided, port);
  }

  /** Whether a datagram to a socket that is not (`known`) or is here is for another stack. */
  isDatagramOfOthers(bucket: number, known: boolean): boolean {
    const ours = this.agreement.isOurs(bucket);
    return known ? !ours && !hasBucket(this.owned, bucket) : !ours || this.agreement.isKept(bucket);
  }

  private bucketOfPort(port: number): number {
    return bucketOfPort(this.key0, this.key1, port);
  }

  isChosenPort(port: number): boolean {
    return port >= this.first && port <= this.last;
  }

  /** The bucket of a datagram. */
  bucketOfDatagram(laddr: Int32Array, port: number, raddr: Int32Array, rport: number): number {
    if (this.isChosenPort(port)) return this.bucketOfPort(port);
    const { identity } = this;
    identity[0] = (port << 16) | rport;
    for (let n = 0; n < 4; n++) {
      identity[1 + n] = laddr[n]!;
      identity[5 + n] = raddr[n]!;
    }
    return bucketOfFlow(this.key0, this.key1, identity, 0);
  }

  /** Notes that a flow is here, and the port that others must not take for theirs. */
  note(identity: Int32Array, at: number, buckets: Int32Array, ports: Int32Array): void {
    const bucket = this.bucketOf(identity, at);
    if (hasBucket(this.owned, bucket)) return;
    addBucket(buckets, bucket);
    addBucket(ports, identity[at + KEY_PORTS]! >>> 16);
  }

  /** The same of a UDP socket. */
  notePort(port: number, buckets: Int32Array, ports: Int32Array): void {
    if (!this.isChosenPort(port)) return;
    const bucket = this.bucketOfPort(port);
    if (hasBucket(this.owned, bucket)) return;
    addBucket(buckets, bucket);
    addBucket(ports, port);
  }
}
