/** The tables of a stack and one ESTABLISHED connection on a link that only keeps descriptors; its next hop is whatever the test says. */
import type { TcpDefaults } from '../../../../src/core/api.ts';
import type { LinkMtus } from '../../../../src/core/ip/link-mtus.ts';
import { makeTcp } from '../../../../src/core/tables.ts';
import type { Tcp } from '../../../../src/core/tcp/context.ts';
import { ESTABLISHED } from '../../../../src/core/tcp/figure5.ts';
import { queueText } from '../../../../src/core/tcp/held-text.ts';
import { enterFlows, takeRow } from '../../../../src/core/tcp/lifecycle.ts';
import { F_SYN_ACKED } from '../../../../src/core/tcp/row.ts';
import { sendText } from '../../../../src/core/tcp/send-text.ts';
import { LADDR, PORTS, RADDR, type Tcb } from '../../../../src/core/tcp/tcb.ts';
import { SeededRng } from '../../../../src/link/sim.ts';
import {
  DESC_WORDS,
  KIND_TCP,
  OPT_TS,
  TX_ACK,
  TX_FLAGS,
  TX_GSO,
  TX_KIND,
  TX_OPT_LEN,
  TX_OPT_OFF,
  TX_OPTS,
  TX_SEQ,
  TX_TOTAL,
  TX_TSECR,
  TX_TSVAL,
} from '../../../../src/wire/abi.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { readTcpOptions, TcpOptions } from '../../../../src/wire/tcp-options.ts';
import { DEFAULTS } from '../../../property/pair/defaults.ts';
import { fakeLink, OUR_MAC } from '../ip/harness.ts';

export interface BenchOptions {
  readonly mtu?: number;
  /** Of the path, as PMTU discovery would know it. */
  readonly pathMtu?: number;
  readonly maxPacket?: number;
  readonly descriptors?: number;
  readonly v6?: boolean;
  readonly tcp?: Partial<TcpDefaults>;
}

export interface Sent {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly len: number;
  readonly gso: number;
  /** TSval and TSecr. */
  readonly ts: readonly [number, number] | undefined;
  /** Read from the option bytes beside Timestamps. */
  readonly options: TcpOptions;
}

export interface Bench {
  readonly t: Tcp;
  readonly tcb: Tcb;
  /** Whether the neighbour is known. */
  readonly hop: { ready: boolean };
  /** Queues that many bytes and sends them as one (super-)segment. */
  send(bytes: number): void;
  /** The segments described since the last time. */
  take(): Sent[];
  /** Records of the event queue since the last time: type and words 3 and 4. */
  events(): [type: number, a: number, b: number][];
}

/** A router says so of the link. */
export function hearMtu(t: Tcp, mtu: number): void {
  (t.ip as unknown as { mtus: LinkMtus }).mtus.hear(0, mtu);
}

/** What the end of a turn gives back. */
export function endTurn({ t }: Bench): void {
  for (const chunk of t.lent.splice(0)) t.arena.give(chunk);
  t.rows.endTurn();
}

export const ISS = 999;
export const IRS = 4999;

export function bench(o: BenchOptions = {}): Bench {
  const mtu = o.mtu ?? 1500;
  const link = {
    ...fakeLink('ether', OUR_MAC, mtu),
    tx: new Int32Array(DESC_WORDS * (o.descriptors ?? 256)),
    offload: { txChecksum: false, maxPacket: o.maxPacket ?? 65535 },
  };
  const nothing = (): void => {};
  const t = makeTcp(
    {
      links: [link],
      memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
      rng: new SeededRng(1),
      maxConnections: 8,
      arenaBytes: 2 << 20,
      tcp: { ...DEFAULTS, ...o.tcp },
    },
    {
      hopReady: nothing,
      hopFailed: nothing,
      icmpError: nothing,
      addressChanged: nothing,
      mtuChanged: nothing,
      routerGone: nothing,
    },
  );
  t.now = 1e6;
  t.tick = 1000;
  const hop = { ready: true };
  Object.assign(t.ip, { linkOf: () => 0, mtuOf: () => o.pathMtu ?? mtu, ready: () => hop.ready, release: nothing });
  const tcb = t.cursor();
  takeRow(t, tcb, {});
  tcb.flight = t.flights.take();
  tcb.i32[tcb.at + PORTS] = (80 << 16) | 40000;
  tcb.i32.set(parseAddress(o.v6 ? 'fd00::1' : '10.0.0.1'), tcb.at + LADDR);
  tcb.i32.set(parseAddress(o.v6 ? 'fd00::2' : '10.0.0.2'), tcb.at + RADDR);
  tcb.hop = 0;
  tcb.state = ESTABLISHED;
  tcb.flags |= F_SYN_ACKED;
  tcb.iss = ISS;
  tcb.sndUna = tcb.sndNxt = tcb.sndUp = tcb.recover = ISS + 1;
  tcb.irs = IRS;
  tcb.rcvNxt = IRS + 1;
  tcb.rcvAdv = IRS + 1 + 10_000;
  tcb.rcvBuf = 10_000;
  tcb.sndMss = tcb.peerMss = 1000;
  tcb.sndWnd = tcb.maxSndWnd = 60_000;
  tcb.cwnd = 20_000;
  tcb.ssthresh = 1 << 30;
  enterFlows(t, tcb);
  return {
    t,
    tcb,
    hop,
    send(bytes) {
      queueText(t, tcb, new Uint8Array(bytes).fill(7), 0, bytes);
      sendText(t, tcb, 0, bytes, bytes, tcb.sndMss);
    },
    take() {
      const found: Sent[] = [];
      const n = t.out.take(0);
      for (let d = 0; d < n; d++) {
        const at = d * DESC_WORDS;
        if ((link.tx[at + TX_KIND]! & 0xff) === KIND_TCP) found.push(read(link.tx, at, t.arena.bytes));
      }
      return found;
    },
    events() {
      const { words, count } = t.events;
      t.events.count = 0;
      return Array.from({ length: count }, (_, n) => [words[8 * n]!, words[8 * n + 3]!, words[8 * n + 4]!]);
    },
  };
}

function read(tx: Int32Array, at: number, arena: Uint8Array): Sent {
  const options = new TcpOptions();
  const from = tx[at + TX_OPT_OFF]!;
  readTcpOptions(arena, from, from + tx[at + TX_OPT_LEN]!, options);
  return {
    seq: tx[at + TX_SEQ]!,
    ack: tx[at + TX_ACK]!,
    flags: tx[at + TX_FLAGS]! & 0xff,
    window: tx[at + TX_FLAGS]! >>> 16,
    urgent: tx[at + TX_OPTS]! >>> 16,
    len: tx[at + TX_TOTAL]!,
    gso: tx[at + TX_GSO]!,
    options,
    ts: tx[at + TX_OPTS]! & OPT_TS ? [tx[at + TX_TSVAL]!, tx[at + TX_TSECR]!] : undefined,
  };
}
