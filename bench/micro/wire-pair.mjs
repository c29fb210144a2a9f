// Two cores and nothing else: links without a wire, whose descriptors the case writes and reads itself.
import { EV_ACCEPT, EV_CLOSED, EV_CONNECT, EV_DATA, EV_END, EVENT_WORDS } from '../../dist/core/events.js';
import { StackCore } from '../../dist/core/stack-core.js';
import { FrameReceiver } from '../../dist/link/sim/frame-receiver.js';
import { SeededRng } from '../../dist/link/sim.js';
import { tcpDefaults } from '../../dist/shell/options/tcp.js';
import { COUNTERS, DESC_WORDS, KIND_RAW, KIND_TCP, TX_KIND, TX_SEQ, TX_TOTAL, TX_TSVAL } from '../../dist/wire/abi.js';
import { parseAddress, parseCidr } from '../../dist/wire/address-text.js';
import { FrameEncoder } from '../../dist/wire/encode.js';
import { pieceDescriptors } from '../../dist/wire/pieces.js';

/** What a stack has by default, with a window and times that suit a case of microseconds. */
const TCP = {
  ...tcpDefaults,
  initialWindow: 1 << 20,
  noDelay: true,
  msl: 1,
  congestion: 'newreno',
  ephemeralPorts: [1024, 65535],
};
const ANY = new Int32Array(4);
const SERVER = parseAddress('10.0.0.2');
export const MSS = 1448;
/** Bytes between two frames of receive memory. */
const SLOT = 2048;
const SLOTS = 1024;

/** Accepts what is flushed and remembers the end of the last TCP segment; `outbox` keeps a copy for the shuttle. */
class BareLink {
  kind = 'ether';
  mtu = 1500;
  offload = { txChecksum: true, maxPacket: 65_535 };
  capacity = 64 << 20;
  counters = new Float64Array(COUNTERS.length);
  tx = new Int32Array(1024 * DESC_WORDS);
  receiver = new FrameReceiver(SLOT * SLOTS, false);
  rx = this.receiver.rx;
  rxMemory = this.receiver.memory;
  /** Segments and bytes flushed, and where the stream and its clock are. */
  sent = 0;
  edge = 0;
  tsval = 0;
  /** Called with each flush, while the descriptors are there. */
  carry = null;

  constructor(name, last) {
    this.name = name;
    this.mac = Uint8Array.of(2, 0, 0, 0, 0, last);
  }
  attach(shared) {
    this.shared = shared;
    this.encoder = new FrameEncoder(shared, this.mac, false);
    this.receiver.attach(shared);
  }
  start() {}
  lend(region, bytes) {
    this.encoder.lend(region, bytes);
  }
  flush(n) {
    if (this.carry !== null) return this.carry(n);
    for (let at = 0; at < n * DESC_WORDS; at += DESC_WORDS) {
      if ((this.tx[at + TX_KIND] & 0xff) !== KIND_TCP) continue;
      this.sent++;
      this.edge = (this.tx[at + TX_SEQ] + this.tx[at + TX_TOTAL]) | 0;
      this.tsval = this.tx[at + TX_TSVAL];
    }
  }
  ref() {}
  unref() {}
  async close() {}
}

export class Host {
  /** Events seen, by number; the case sets what to do about them. */
  seen = new Int32Array(16);
  row = -1;
  bytes = 0;
  closeOnOpen = false;
  closeOnEnd = false;
  onDrain = null;

  constructor(world, address, last, tcp, maxConnections) {
    this.world = world;
    this.link = new BareLink(`bare${last}`, last);
    this.core = new StackCore({
      links: [this.link],
      memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
      rng: new SeededRng(last),
      maxConnections,
      arenaBytes: 32 << 20,
      tcp: { ...TCP, ...tcp },
    });
    const { address: words, bits } = parseCidr(`${address}/24`);
    this.core.ip.addAddress(words, bits, 0);
  }

  burst(n) {
    this.core.handleBurst(0, n, this.world.now);
    this.finish();
  }

  /** As the shell's driver: events, then everything due, then the alarm. */
  finish() {
    const { core, link, world } = this;
    do {
      this.dispatch();
      for (let n = core.pollTransmit(0, world.now); n > 0; n = core.pollTransmit(0, world.now)) link.flush(n);
    } while (core.events.count > 0);
    core.pollEnd();
    this.alarm = core.pollAlarm();
  }

  dispatch() {
    const { core } = this;
    const events = core.events;
    for (let i = 0; i < events.count; i++) {
      const words = events.words;
      const at = i * EVENT_WORDS;
      const row = words[at + 1];
      this.seen[words[at]]++;
      switch (words[at]) {
        case EV_DATA:
          this.bytes += words[at + 5];
          core.callConsumed(row, words[at + 5], this.world.now);
          break;
        case EV_ACCEPT:
          core.callAccepted(row);
          this.row = row;
          break;
        case EV_CONNECT:
          if (this.closeOnOpen) core.callClose(row, this.world.now);
          break;
        case EV_END:
          if (this.closeOnEnd) core.callClose(row, this.world.now);
          break;
        case EV_CLOSED:
          this.row = -1;
          break;
        default:
          this.onDrain?.(words[at], row);
      }
    }
    events.count = 0;
  }
}

/** A client and a server that have found each other's MAC. */
export class World {
  now = 1e6;
  /** Frames that went from one to the other. */
  frames = 0;
  /** While set, frames carried are kept here. */
  kept = null;

  constructor(tcp = {}, maxConnections = 1024) {
    this.client = new Host(this, '10.0.0.1', 1, tcp, maxConnections);
    this.server = new Host(this, '10.0.0.2', 2, tcp, maxConnections);
    this.queue = [];
    this.shuttle();
    this.server.core.callListen(ANY, 80, 128, {}, this.now);
    const hop = this.client.core.ip.routeTo(SERVER, 0);
    this.client.finish();
    this.settle();
    this.client.core.ip.release(hop);
  }

  /** From now on frames reach the other side. */
  shuttle() {
    this.client.link.carry = (n) => this.carry(this.client, this.server, n);
    this.server.link.carry = (n) => this.carry(this.server, this.client, n);
  }

  /** From now on the case speaks for the other side. */
  cut() {
    this.client.link.carry = null;
    this.server.link.carry = null;
  }

  carry(from, to, n) {
    const { tx, encoder } = from.link;
    const { receiver } = to.link;
    receiver.begin();
    for (let at = 0; at < n * DESC_WORDS; at += pieceDescriptors(tx, at) * DESC_WORDS + DESC_WORDS) {
      const offset = (this.frames++ % SLOTS) * SLOT;
      const length = encoder.frame(tx, at, receiver.memory, offset);
      this.kept?.push({ from, to, words: tx.slice(at, at + DESC_WORDS) });
      receiver.add(offset, length, 1, 0, true);
    }
    if (receiver.count > 0) this.queue.push(to);
  }

  /** Until nobody has anything to say. At most one burst waits for each side. */
  settle() {
    for (let to = this.queue.shift(); to !== undefined; to = this.queue.shift()) {
      this.now += 10;
      to.burst(to.link.receiver.count);
    }
  }

  connect() {
    this.client.row = this.open(ANY);
    this.client.finish();
    this.settle();
  }

  /** The SYN leaves with `client.finish()`. */
  open(laddr) {
    return this.client.core.callConnect(laddr, 0, SERVER, 80, {}, this.now);
  }
}

export const isRaw = (words) => (words[TX_KIND] & 0xff) === KIND_RAW;
