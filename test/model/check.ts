/** What must hold in every state, and what must be left at the end of every history. */
import { OK } from '../../src/core/events.ts';
import { stateName } from '../../src/core/tcp/figure5.ts';
import { ROW_WORDS } from '../../src/wire/abi.ts';
import type { Conn, Host } from './host.ts';
import { deadline, flightWord, TIMER_WORDS, word } from './layout.ts';
import type { World } from './world.ts';

const STATE = word('state');
const UNA = word('sndUna');
const NXT = word('sndNxt');
const QUEUED = flightWord('sndQueued');
const FLIGHT = word('flight');
const FILED = word('wheelAt');
/** Delayed ACK, keep-alive, the state's own, the user's limit: they send nothing again. */
const IDLE_TIMERS = new Set([2, 3, 4, 5]);
const TIMER_STATE = 4;
/** States in which something of ours must end by itself. */
const PASSING = new Set(['SYN_SENT', 'SYN_RECEIVED', 'FIN_WAIT_1', 'CLOSING', 'LAST_ACK', 'TIME_WAIT']);

export function checkState(world: World): void {
  for (const host of world.hosts) {
    checkRows(host);
    const peer = world.hosts[world.hosts.length === 1 ? 0 : 1 - host.index]!;
    if (host.state.conns.filter((c) => c.opened).length > (world.scenario.conns ?? 1))
      throw new Error(`host ${host.index}: a second connection`);
    for (const conn of host.state.conns) checkConn(world, conn, peer.state.conns);
  }
}

function checkRows(host: Host): void {
  const { words } = host.inside.rows;
  const { words: flights } = host.inside.flights;
  // There is only one pair of ports: two live connections would share the four-tuple.
  let found = 0;
  for (const row of host.live()) {
    const base = row * ROW_WORDS;
    const stale = host.inside.timeWaits.find(words, base) >= 0;
    if (stale || found++ > 0) throw new Error(`host ${host.index}: two connections on one four-tuple`);
    const waits =
      words[base + UNA] !== words[base + NXT] ||
      flights[words[base + FLIGHT]! + QUEUED]! > 0 ||
      PASSING.has(stateName(words[base + STATE]!));
    if (waits && !isArmed(words, flights, base))
      throw new Error(`host ${host.index}: ${stateName(words[base + STATE]!)} waits for something without a timer`);
  }
}

/** A timer that acts, and the wheel will look in time. */
function isArmed(words: Int32Array, flights: Int32Array, base: number): boolean {
  let armed = false;
  for (let timer = 0; timer < TIMER_WORDS; timer++) {
    const at = deadline(words, flights, base, timer);
    if (at === 0) continue;
    const filed = words[base + FILED]!;
    if (filed === 0 || filed - at > 0) return false;
    if (!IDLE_TIMERS.has(timer) || (timer === TIMER_STATE && stateName(words[base + STATE]!) === 'TIME_WAIT'))
      armed = true;
  }
  return armed;
}

/** No byte invented, none twice, none out of order; END only behind the last one. */
function checkConn(world: World, conn: Conn, peers: readonly Conn[]): void {
  if (conn.got.length === 0 && !conn.ended && !conn.allAcked) return;
  const source = peers.find(
    (p) => conn.got.every((byte, n) => byte === p.sent[n]) && (conn.got.length > 0 || p.closed),
  );
  if (conn.got.length > 0 && source === undefined && !world.disturbed)
    throw new Error(`got ${conn.got}, which nobody sent`);
  if (world.disturbed) return;
  if (conn.ended && !(source?.closed && source.sent.length === conn.got.length))
    throw new Error(`END after ${conn.got.length} bytes`);
  if (conn.allAcked && !peers.some((p) => sameBytes(p.got, conn.sent)))
    throw new Error('acknowledged what never was delivered');
}

/** Nothing happens by itself any more: whoever has called CLOSE waits for the peer at most, not for his own stack. */
export function checkClosed(world: World): void {
  for (const { index, core, state } of world.hosts) {
    for (const conn of state.conns) {
      const now = stateName(core.state(conn.row, conn.gen));
      if (conn.closed && conn.over === undefined && (now === 'ESTABLISHED' || now === 'CLOSE_WAIT'))
        throw new Error(`host ${index}: CLOSE was called and nothing came of it in ${now}`);
    }
  }
}

/** Nothing can happen any more. */
export function checkEnd(world: World): void {
  for (const host of world.hosts) {
    const { rows, records, arena, flights } = host.inside;
    const live = [...host.live()].map((row) => stateName(rows.words[row * ROW_WORDS + STATE]!));
    if (live.length > 0) throw new Error(`host ${host.index} is left in ${live}`);
    if (records.count !== 0 || arena.used !== 0 || flights.used !== 0)
      throw new Error(
        `host ${host.index}: ${records.count} records, ${arena.used} bytes, ${flights.used} flights are left`,
      );
    const listeners = host.state.listener >= 0 ? 1 : 0;
    if (rows.used !== listeners)
      throw new Error(`host ${host.index}: ${rows.used} rows in use, ${listeners} listening`);
    for (const conn of host.state.conns) {
      if (conn.over === undefined) throw new Error(`host ${host.index}: its user never heard of the end`);
    }
  }
  if (isWhole(world)) checkWhole(world);
}

/** Nobody broke anything off, forgot or spoke out of turn. */
export function isWhole(world: World): boolean {
  return !world.disturbed && !world.cut && !world.scenario.mayRefuse;
}

/** Every byte arrived, and everybody was told so. */
function checkWhole(world: World): void {
  for (const host of world.hosts) {
    const peers = world.hosts[world.hosts.length === 1 ? 0 : 1 - host.index]!.state.conns;
    for (const conn of host.state.conns) {
      if (!conn.opened) continue;
      if (conn.over !== OK) throw new Error(`host ${host.index}: ended with ${conn.over}`);
      if (!peers.some((p) => sameBytes(p.got, conn.sent)))
        throw new Error(`host ${host.index}: ${conn.sent} did not arrive`);
    }
  }
}

function sameBytes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}
