/** Counters as plain numbers by name: cheap to take, easy to export. */
import type { MemoryUse } from '../core/memory-use.ts';
import type { Link } from '../ports.ts';
import { COUNTERS, type CounterName } from '../wire/abi.ts';
import type { NetCounts } from './net/counts.ts';

/** What a stack counted. Numbers only grow where they count events. */
export interface Metrics {
  /** Connections that the application or an unfinished FIN holds. */
  readonly connections: number;
  /** Ports listened on. */
  readonly listeners: number;
  /** Rows of the core in use by connections. */
  readonly rows: number;
  /** Connections in TIME_WAIT. */
  readonly timeWaits: number;
  /** Entries in SYN queues. */
  readonly halfOpens: number;
  /** By link name. */
  readonly links: Readonly<Record<string, Readonly<Record<CounterName, number>>>>;
  /** Names after RFC 4022 where it has one. */
  readonly core: Readonly<Record<string, number>>;
  /** Names after RFC 4113 where it has one. */
  readonly udp: Readonly<Record<string, number>>;
  /** Turns, alarms and spins of the event loop. */
  readonly driver: Readonly<Record<string, number>>;
  /** Of `usertcp/net` and `usertcp/register`: what the stack carried, and what it left to the kernel. */
  readonly net: Readonly<NetCounts>;
  /** Bytes that the stack holds, and that applications left with it. */
  readonly memory: MemoryUse & {
    /** Received, and not read yet. */
    readonly unread: number;
    /** Written beyond the send buffers: kept until there is room. */
    readonly unsent: number;
  };
}

export function linkCounters(link: Link): Record<CounterName, number> {
  return Object.fromEntries(COUNTERS.map((name, i) => [name, link.counters[i] ?? 0])) as Record<CounterName, number>;
}

/** The metrics in Prometheus' text format. */
export function toPrometheus(metrics: Metrics): string {
  const lines = [
    ...family('usertcp_connections', 'gauge', [['', metrics.connections]]),
    ...family('usertcp_listeners', 'gauge', [['', metrics.listeners]]),
    ...family('usertcp_rows', 'gauge', [['', metrics.rows]]),
    ...family('usertcp_time_waits', 'gauge', [['', metrics.timeWaits]]),
    ...family('usertcp_half_opens', 'gauge', [['', metrics.halfOpens]]),
  ];
  lines.push(...family('usertcp_memory_bytes', 'gauge', memorySamples(metrics.memory)));
  for (const [name, value] of Object.entries(metrics.core)) {
    lines.push(...family(`usertcp_tcp_${snake(name)}_total`, 'counter', [['', value]]));
  }
  for (const [name, value] of Object.entries(metrics.udp)) {
    lines.push(...family(`usertcp_udp_${snake(name)}_total`, 'counter', [['', value]]));
  }
  for (const [name, value] of Object.entries(metrics.driver)) {
    lines.push(...family(`usertcp_driver_${snake(name)}_total`, 'counter', [['', value]]));
  }
  lines.push(...netFamilies(metrics.net));
  for (const counter of COUNTERS) {
    const samples = Object.entries(metrics.links).map(([link, values]): [string, number] => [
      `{link=${JSON.stringify(link)}}`,
      values[counter],
    ]);
    lines.push(...family(`usertcp_link_${snake(counter)}_total`, 'counter', samples));
  }
  return `${lines.join('\n')}\n`;
}

function netFamilies(net: Readonly<NetCounts>): string[] {
  const by = (ours: number, kernel: number): [string, number][] => [
    ['{carrier="ours"}', ours],
    ['{carrier="kernel"}', kernel],
  ];
  return [
    ...family('usertcp_net_accepted_total', 'counter', by(net.accepted, net.kernelAccepted)),
    ...family('usertcp_net_opened_total', 'counter', by(net.opened, net.kernelOpened)),
    ...family('usertcp_net_listening', 'gauge', by(net.listening, net.kernelListening)),
    ...family('usertcp_net_listened_total', 'counter', [['', net.listened]]),
    ...family('usertcp_net_unroutable_total', 'counter', [['', net.unroutable]]),
  ];
}

/** One sample for each number, labelled with its path. */
function memorySamples(of: object, path = ''): [labels: string, value: number][] {
  return Object.entries(of).flatMap(([name, value]: [string, number | object]) =>
    typeof value === 'number'
      ? [[`{of=${JSON.stringify(path + snake(name))}}`, value] as [string, number]]
      : memorySamples(value, `${path}${snake(name)}.`),
  );
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  samples: readonly [labels: string, value: number][],
): string[] {
  return [`# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)];
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
