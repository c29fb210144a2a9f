// What the core takes for one segment, without frames, system calls or a shell: descriptors are written straight into
// the receive buffer of a link that is nothing but memory. The control of each group writes them and calls nobody.
import { EV_CLOSED, EV_DRAIN } from '../../dist/core/events.js';
import {
  ACK,
  DESC_WORDS,
  KIND_TCP,
  OPT_TS,
  RX_ACK,
  RX_FLAGS,
  RX_FRAME,
  RX_FRAME_LEN,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_OFF,
  RX_OPTS,
  RX_ROW,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
} from '../../dist/wire/abi.js';
import { tcpFrame } from './frames.mjs';
import { sink } from './harness.mjs';
import { isRaw, MSS, World } from './wire-pair.mjs';

/** Before scaling, which both ends agreed on for a buffer of 4 MiB. */
const WINDOW = 0xffff;
const HEADERS = 14 + 20 + 32;

/** Descriptors of one flow's segments in `link.rx`, everything but SEQ, ACK and the timestamps. */
function prepare(link, row, count, length) {
  const frame = tcpFrame(length, { ports: [40_000, 80] });
  for (let i = 0; i < count; i++) {
    const at = i * DESC_WORDS;
    const offset = i * 2048;
    link.rxMemory.set(frame, offset);
    link.rx.fill(0, at, at + DESC_WORDS);
    link.rx[at + RX_KIND] = KIND_TCP;
    link.rx[at + RX_ROW] = row;
    link.rx[at + RX_FLAGS] = ACK | (WINDOW << 16);
    link.rx[at + RX_OFF] = offset + HEADERS;
    link.rx[at + RX_LEN] = length;
    link.rx[at + RX_TOTAL] = length;
    link.rx[at + RX_GSO] = 1 << 16;
    link.rx[at + RX_OPTS] = OPT_TS | (32 << 8);
    link.rx[at + RX_FRAME] = offset;
    link.rx[at + RX_L3L4] = 14 | (34 << 16);
    link.rx[at + RX_IP] = (64 << 8) | (4 << 24);
    link.rx[at + RX_FRAME_LEN] = HEADERS + length;
  }
}

/** Calls `learn` for the words of the last TCP segment the host sent during `work`. */
function overhear(world, host, work) {
  world.kept = [];
  work();
  const mine = world.kept.filter((s) => s.from === host && !isRaw(s.words));
  world.kept = null;
  return mine.at(-1).words;
}

/** The server gets in-order segments of 1,448 B; the application takes each at once; one ACK answers a burst. */
export function receiver(burst) {
  const world = new World();
  const words = overhear(world, world.client, () => world.connect());
  const { server } = world;
  world.cut();
  prepare(server.link, server.row, burst, MSS);
  const rx = server.link.rx;
  let seq = words[2];
  const state = new Int32Array([words[3], words[9], words[10]]);
  const write = (n) => {
    for (let at = 0; at < n * DESC_WORDS; at += DESC_WORDS) {
      rx[at + RX_SEQ] = seq;
      rx[at + RX_ACK] = state[0];
      rx[at + RX_TSVAL] = state[1];
      rx[at + RX_TSECR] = state[2];
      seq = (seq + MSS) | 0;
    }
  };
  const deliver = (n) => {
    write(n);
    world.now += 1.2 * n;
    server.burst(n);
  };
  const run = () => deliver(burst);
  // The window on a SYN is not scaled: the first text that is acknowledged opens it.
  for (let i = 0; i < 16; i++) deliver(Math.min(burst, 16));
  const check = () => {
    const before = server.bytes;
    const acks = server.link.sent;
    const { outOfOrder, challengeAcks } = server.core.counters;
    for (let i = 0; i < 6; i++) run();
    const c = server.core.counters;
    const clean = c.outOfOrder === outOfOrder && c.challengeAcks === challengeAcks;
    return clean && server.bytes - before === 6 * burst * MSS && server.link.sent > acks;
  };
  const scratch = new Int32Array(rx.length);
  const control = () => {
    for (let at = 0; at < burst * DESC_WORDS; at += DESC_WORDS) {
      scratch[at + RX_SEQ] = sink[4];
      scratch[at + RX_ACK] = state[0];
      scratch[at + RX_TSVAL] = state[1];
      scratch[at + RX_TSECR] = state[2];
      sink[4] += MSS;
    }
  };
  return { run, check, control };
}

/**
 * The client sends without end from memory it lent. `each`: bytes that one ACK acknowledges, and that leave for it;
 * 0 = the ACK says nothing new and nothing is in flight.
 */
export function sender(burst, each) {
  const world = new World();
  const words = overhear(world, world.server, () => {
    world.connect();
    // One exchange of data, so that both ends have sent something with timestamps.
    world.client.core.callSend(world.client.row, new Uint8Array(100), 0, 100, world.now);
    world.client.finish();
    world.settle();
    world.now += 50_000;
    world.server.core.handleTimers(world.now);
    world.server.finish();
    world.settle();
  });
  const { client } = world;
  const { core, link, row } = client;
  world.cut();
  const chunk = new Uint8Array(64 * 1024);
  const fill = () => {
    while (core.callLend(row, chunk, 0, chunk.length, world.now) === chunk.length);
  };
  client.onDrain = (type) => {
    if (type === EV_DRAIN) fill();
  };
  prepare(link, row, burst, 0);
  const rx = link.rx;
  const seq = words[2];
  const state = new Int32Array([words[3], words[9], words[10]]);
  link.tsval = state[2];
  const write = () => {
    for (let at = 0; at < burst * DESC_WORDS; at += DESC_WORDS) {
      state[0] = (state[0] + each) | 0;
      rx[at + RX_SEQ] = seq;
      rx[at + RX_ACK] = state[0];
      rx[at + RX_TSVAL] = state[1];
      rx[at + RX_TSECR] = link.tsval;
    }
  };
  const run = () => {
    write();
    world.now += 1.2 * burst;
    client.burst(burst);
  };
  if (each > 0) {
    fill();
    client.finish();
    // Slow start, until the window of the peer is what holds it back.
    for (let i = 0; i < 20_000 && ((link.edge - state[0]) | 0) < 2 << 20; i++) {
      prepare(link, row, 1, 0);
      state[0] = (state[0] + Math.min(each, (link.edge - state[0]) | 0)) | 0;
      rx[RX_SEQ] = seq;
      rx[RX_ACK] = state[0];
      rx[RX_TSVAL] = state[1];
      rx[RX_TSECR] = link.tsval;
      world.now += 10;
      client.burst(1);
    }
    prepare(link, row, burst, 0);
    // The congestion window still grows: until the send buffer is what holds it back.
    for (let i = 0; i < 64; i++) run();
  }
  const check = () => {
    const { challengeAcks } = core.counters;
    const { sndQueued, inFlight } = core.info(row);
    const edge = link.edge;
    for (let i = 0; i < 64; i++) run();
    const info = core.info(row);
    const clean = core.counters.challengeAcks === challengeAcks && info.state === 'ESTABLISHED';
    if (each === 0) return clean && info.sndQueued === 0;
    const moved = (link.edge - edge) | 0;
    return (
      clean &&
      sndQueued > 0 &&
      Math.abs(info.inFlight - inFlight) < 1 << 18 &&
      Math.abs(moved - 64 * burst * each) < 1 << 18
    );
  };
  const scratch = new Int32Array(rx.length);
  const control = () => {
    for (let at = 0; at < burst * DESC_WORDS; at += DESC_WORDS) {
      sink[4] += each;
      scratch[at + RX_SEQ] = seq;
      scratch[at + RX_ACK] = sink[4];
      scratch[at + RX_TSVAL] = state[1];
      scratch[at + RX_TSECR] = link.tsval;
    }
  };
  return { run, check, control };
}

/**
 * A connection from SYN to CLOSED at the server and through TIME_WAIT (of 2 ms) at the client, no text. Segments go
 * through the reference encoder and parser; the control does that for the same segments, and nothing else.
 */
export function life() {
  const world = new World();
  const { client, server } = world;
  client.closeOnOpen = true;
  server.closeOnEnd = true;
  const run = () => {
    world.connect();
    world.now += 3000;
    client.core.handleTimers(world.now);
    client.finish();
    server.core.handleTimers(world.now);
    server.finish();
    world.settle();
  };
  world.kept = [];
  run();
  const segments = world.kept;
  world.kept = null;
  const check = () => {
    const before = segments.length;
    const closed = server.seen[EV_CLOSED];
    for (let i = 0; i < 100; i++) run();
    return (
      before >= 5 &&
      client.core.connections === 0 &&
      server.core.connections <= 1 &&
      server.seen[EV_CLOSED] - closed === 100
    );
  };
  const other = new World();
  const control = () => {
    for (const { from, words } of segments) {
      const [a, b] = from === client ? [other.client, other.server] : [other.server, other.client];
      b.link.receiver.begin();
      const offset = (other.frames++ % 1024) * 2048;
      b.link.receiver.add(offset, a.link.encoder.frame(words, 0, b.link.receiver.memory, offset), 1, 0, true);
      sink[0] ^= b.link.rx[RX_SEQ];
    }
  };
  return { run, check, control, segments: segments.length };
}

const group = (name, per, label, { run, check, control }) => ({
  name,
  per,
  control,
  cases: {
    [label]: () => {
      run();
      sink[0]++;
    },
  },
  check: { [label]: check },
});

export function segments() {
  const groups = [];
  for (const burst of [1, 64]) {
    const size = `, bursts of ${burst}`;
    groups.push(group(`core: in-order segment of 1,448 B in, not merged${size}`, burst, 'segment', receiver(burst)));
    groups.push(group(`core: ACK of 2,896 B in, as much out${size}`, burst, 'ACK', sender(burst, 2 * MSS)));
    groups.push(group(`core: ACK that says nothing new${size}`, burst, 'ACK', sender(burst, 0)));
  }
  const whole = life();
  groups.push(group(`core: a connection's life, both ends, ${whole.segments} segments`, 1, 'life', whole));
  return groups;
}
