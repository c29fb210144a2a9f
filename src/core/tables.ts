/** The tables of one stack, taken from the Memory port and joined: what `Tcp` is in the beginning. */
import type { Link } from '../ports.ts';
import { HOP_WORDS, ROW_WORDS } from '../wire/abi.ts';
import { FlowTable, flowTableBytes } from '../wire/flow-table.ts';
import { TcpOptions } from '../wire/tcp-options.ts';
import type { CoreOptions } from './api.ts';
import { Arena, LARGE_CHUNK } from './arena.ts';
import { Budget, NO_LIMITS } from './budget.ts';
import { Challenges } from './challenges.ts';
import { Cookies } from './cookie.ts';
import { EphemeralPorts } from './ephemeral.ts';
import { EventQueue } from './events.ts';
import { IpLayer, type IpUp, type RawOut } from './ip/ip-layer.ts';
import { DEFAULT_IP } from './ip/settings.ts';
import { InitialNumbers } from './isn.ts';
import { LentRegions } from './lent-regions.ts';
import { Share } from './share.ts';
import { CongestionControl } from './tcp/congestion/control.ts';
import { controllers } from './tcp/congestion/registry.ts';
import { CongestionView } from './tcp/congestion/view.ts';
import { DirtyList, type Tcp } from './tcp/context.ts';
import { CookieCache } from './tcp/cookie-cache.ts';
import { CoreCounters } from './tcp/counters.ts';
import { Eviction } from './tcp/eviction.ts';
import { FastOpens } from './tcp/fast-opens.ts';
import { Flights } from './tcp/flights.ts';
import { HalfOpens } from './tcp/half-opens.ts';
import { LimitTable } from './tcp/limits.ts';
import { Listeners } from './tcp/listeners.ts';
import { PathCache } from './tcp/path-cache.ts';
import { PortProbe } from './tcp/port-probe.ts';
import { RECORD_WORDS, Records } from './tcp/records.ts';
import { ALL_SCRATCH, Rows } from './tcp/rows.ts';
import { SackOption } from './tcp/sack-option.ts';
import { News } from './tcp/scoreboard.ts';
import { Segment } from './tcp/segment.ts';
import { ROUTE_ENTRIES, SourceRoutes } from './tcp/source-routes.ts';
import { Tcb } from './tcp/tcb.ts';
import { TimeWaits } from './tcp/time-waits.ts';
import { TransmitQueues } from './tcp/transmit-queues.ts';
import { TimerWheel } from './timers.ts';

const HOPS = 4096;
/** Records for segments in flight and out of order; one per super-segment. */
const RECORDS_PER_CONNECTION = 8;
const LEAST_RECORDS = 65536;
const MOST_RECORDS = 1 << 23;
/** Records of TIME_WAIT, unless the user says more: as many as Linux keeps. */
const MOST_TIME_WAITS = 262_144;
/** Entries in the SYN queues of all listeners together. */
const MOST_HALF_OPENS = 65_536;
/** Of what the links can hold, the part that may be promised in grown windows: a ring counts slots, and few arrive full. */
const WINDOW_SHARE = 0.75;

/** Reserves and joins everything, and shows the links the regions they read. `up` hears of hops and ICMP errors. */
export function makeTcp(o: CoreOptions, up: IpUp): Tcp {
  const regions = { bytes: 0 };
  const region = (name: string, bytes: number): ArrayBuffer => {
    regions.bytes += bytes;
    return o.memory.region(name, bytes);
  };
  const rows = new Rows(region('rows', Rows.bytes(o.maxConnections)));
  const hops = new Int32Array(region('hops', (HOPS + ALL_SCRATCH + ROUTE_ENTRIES) * HOP_WORDS * 4));
  const chunks = region('chunks', Arena.recordBytes(o.arenaBytes));
  const memory = region('arena', o.arenaBytes);
  const arena = new Arena(memory, chunks, new LentRegions(o.links, memory));
  const records = Math.max(LEAST_RECORDS, Math.min(o.maxConnections * RECORDS_PER_CONNECTION, MOST_RECORDS));
  const table = new Int32Array(region('flows', flowTableBytes(o.maxConnections)));
  const flows = new FlowTable(table, rows.words, o.rng.u32(), o.rng.u32());
  const listeners = new Listeners(rows.words);
  const out = new TransmitQueues(o.links);
  const counters = new CoreCounters();
  const flights = new Flights(region('flights', Flights.bytes(o.maxConnections)));
  const waits = o.tcp.timeWaits ?? Math.min(o.maxConnections, MOST_TIME_WAITS);
  const timeWaits = new TimeWaits(
    region('time-wait', TimeWaits.regionBytes(waits)),
    region('time-wait flows', TimeWaits.tableBytes(waits)),
    flows.key,
  );
  const opening = Math.min(o.maxConnections, MOST_HALF_OPENS);
  const halfOpens = new HalfOpens(
    region('half-open', HalfOpens.regionBytes(opening)),
    region('half-open flows', HalfOpens.tableBytes(opening)),
    flows.key,
  );
  const cursor = (): Tcb => new Tcb(rows.words.buffer as ArrayBuffer, flights.words.buffer as ArrayBuffer);
  const share = new Share();
  const settings = { ...DEFAULT_IP, ...o.ip };
  const lent: number[] = [];
  const shared = { rows: rows.words, flows: table, hops, arena: arena.bytes };
  for (const link of o.links) link.attach(shared);
  return {
    links: o.links,
    defaults: o.tcp,
    rows,
    flights,
    flows,
    listeners,
    arena,
    out,
    hops,
    scratchHops: HOPS,
    counters,
    ip: new IpLayer({
      links: o.links,
      hops: hops.subarray(0, HOPS * HOP_WORDS),
      raw: rawOut(arena, lent, out, counters),
      fragments: region('fragments', settings.reassemblyBytes),
      settings,
      up,
      rng: o.rng,
    }),
    records: new Records(region('records', records * RECORD_WORDS * 4)),
    wheel: new TimerWheel(rows.words),
    events: new EventQueue(),
    isn: new InitialNumbers(o.rng),
    cookies: new Cookies(o.rng),
    challenges: new Challenges(o.rng),
    ports: new EphemeralPorts(o.rng, o.tcp.ephemeralPorts[0], o.tcp.ephemeralPorts[1]),
    portUse: new PortProbe(flows, listeners, timeWaits, halfOpens, share),
    share,
    paths: new PathCache(),
    sourceRoutes: new SourceRoutes(hops, HOPS + ALL_SCRATCH, settings.sourceRoutes === 'accept'),
    cookieCache: new CookieCache(),
    fastOpens: new FastOpens(cursor(), o.tcp.fastOpen === 'server' || o.tcp.fastOpen === 'on' ? o.rng : null),
    dirty: new DirtyList(rows.words),
    options: new TcpOptions(),
    sack: new SackOption(),
    limits: new LimitTable(),
    news: new News(),
    address: new Int32Array(4),
    identity: new Int32Array(9),
    congestion: new CongestionControl(new CongestionView(cursor()), [...controllers], o.tcp.pacing),
    cursor,
    other: cursor(),
    child: cursor(),
    ghost: cursor(),
    seg: new Segment(),
    lent,
    synHook: null,
    trace: null,
    telling: false,
    cause: 0,
    broken: -1,
    descriptor: -1,
    // A field that once was null holds any number as the object it came as. One of doubles holds its bits, and whoever hands
    // them to a function that V8 does not inline, as a controller's `onAck`, puts them into 16 new bytes of heap, per ACK.
    now: null!,
    tick: 1,
    windowGranted: 0,
    windowLimit: WINDOW_SHARE * windowRoom(o.links),
    regions,
    eviction: new Eviction(),
    timeWaits,
    halfOpens,
    budget: new Budget(
      region('budget', Budget.bytes(rows.words.length / ROW_WORDS)),
      rows.words,
      { ...NO_LIMITS, total: o.arenaBytes, ...o.budget },
      o.rng,
    ),
  };
}

function rawOut(arena: Arena, lent: number[], out: TransmitQueues, counters: CoreCounters): RawOut {
  return {
    arena: arena.bytes,
    reserve: (_link: number, bytes: number): number => arena.scratch(bytes),
    commit: (link: number, offset: number, length: number): void => {
      if (!out.addRaw(link, offset, length)) counters.txOverflow++;
    },
    borrow: (bytes: number): number => {
      const chunk = bytes > LARGE_CHUNK ? -1 : arena.take(bytes);
      if (chunk >= 0) lent.push(chunk);
      return chunk < 0 ? -1 : arena.offset(chunk);
    },
  };
}

/** What arrives while this process sleeps must fit: the first real link is the measure. */
function windowRoom(links: readonly Link[]): number {
  return (links.find((l) => l.kind === 'ether') ?? links[0])?.capacity ?? 0;
}
