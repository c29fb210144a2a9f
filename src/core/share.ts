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

export class Share {
  /** Whether the address is shared at all. */
  on = false;
  private key0 = 0;
  private key1 = 0;
  private first = 1;
  private last = 0;
  /** Local TCP ports that have buckets of their own, by berth; 0 = nobody's. */
  readonly berths = new Int32Array(BERTHS);
  /** Buckets whose new flows are ours. */
  readonly owned = new Int32Array(BUCKET_WORDS);
  /** Buckets in which another stack has connections from before. */
  readonly contested = new Int32Array(BUCKET_WORDS);
  /** Local ports of such connections: not for ours. */
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

  /** Whether a flow of these nine identity words, which nobody here knows, is ours. */
  owns(identity: Int32Array, at: number): boolean {
    return hasBucket(this.owned, this.bucketOf(identity, at));
  }

  /** Whether another stack may know the flow that nobody here knows: then it is not for us to refuse. */
  isContested(identity: Int32Array, at: number): boolean {
    return hasBucket(this.contested, this.bucketOf(identity, at));
  }

  /** Whether the answers to a connection from this local port come back here, and to nobody else. */
  canOpen(identity: Int32Array, at: number): boolean {
    if (!this.owns(identity, at)) return false;
    const port = identity[at + KEY_PORTS]! >>> 16;
    return !hasBucket(this.avoided, port);
  }

  /** The same of a UDP port, whoever answers. A port that the user names is his affair. */
  canBind(port: number): boolean {
    return hasBucket(this.owned, this.bucketOfPort(port)) && !hasBucket(this.avoided, port);
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
