/**
 * A TCP/IP stack inside a Node.js process: `createStack`, and what it gives.
 *
 * @module usertcp
 */

export type { TcpDefaults } from './core/api.ts';
export type { Held, MemoryUse } from './core/memory-use.ts';
export type { AckSample } from './core/tcp/congestion/ack-sample.ts';
export type { CongestionController } from './core/tcp/congestion/controller.ts';
export type { CongestionView } from './core/tcp/congestion/view.ts';
export type { TcpInfo } from './core/tcp/info.ts';
export type { Limit } from './core/tcp/limits.ts';
export type { Clock, Link, LinkOffload, Memory, Micros, Rng, SharedRegions } from './ports.ts';
export type { Burst } from './shell/burst.ts';
export type {
  CloseMessage,
  ConnMessage,
  DropMessage,
  OpenMessage,
  RetransmitMessage,
  StateMessage,
} from './shell/channels.ts';
export { Conn } from './shell/conn.ts';
export type { ConnectOptions, TcpSocketOptions } from './shell/connect.ts';
export { Connection } from './shell/connection.ts';
export { DhcpClient } from './shell/dhcp/client.ts';
export type { LeaseInfo } from './shell/dhcp/lease.ts';
export type { DhcpState } from './shell/dhcp/machine.ts';
export type { DialOptions } from './shell/dial.ts';
export type { DnsRecordType } from './shell/dns/parts.ts';
export type { DnsError } from './shell/dns/resolver.ts';
export type { Endpoint } from './shell/endpoint.ts';
export type { SystemError } from './shell/errors.ts';
export { StackError } from './shell/errors.ts';
export type { Handlers } from './shell/handlers.ts';
export { Listener } from './shell/listener.ts';
export type { Metrics } from './shell/metrics.ts';
export { toPrometheus } from './shell/metrics.ts';
export { measureConnects } from './shell/observe.ts';
export { OptionError } from './shell/option-error.ts';
export type { CongestionChoice } from './shell/options/congestion.ts';
export type { IpOptions } from './shell/options/ip.ts';
export type { KeepAliveTimes, LiveOptions } from './shell/options/live.ts';
export type { SourceRouteOptions } from './shell/options/source-route.ts';
export type {
  BudgetOptions,
  CaptureOptions,
  CaptureSink,
  DhcpOptions,
  DnsOptions,
  Mode,
  RingSlots,
  RouteOption,
  ShardOptions,
  StackOptions,
  TcpOptions,
} from './shell/options/stack-options.ts';
export { type Piped, pipe } from './shell/pipe.ts';
export type { DropInfo, ServerListenOptions, ServerOptions } from './shell/server.ts';
export { Server } from './shell/server.ts';
export type { ListenOptions } from './shell/service.ts';
export { Service } from './shell/service.ts';
export type { ShardGroup } from './shell/shards/group.ts';
export { createShardGroup, forgetShard } from './shell/shards/group.ts';
export type { SocketEvents, SocketOptions, SocketReadyState } from './shell/socket.ts';
export { Socket } from './shell/socket.ts';
export type { CloseOptions, ConnectionSummary, SocketConnectOptions } from './shell/stack.ts';
export { Stack } from './shell/stack.ts';
export type { SynHandler, SynInfo, SynVerdict } from './shell/syn-info.ts';
export type { DatagramError, DatagramHandler, DatagramInfo, UdpOptions } from './shell/udp.ts';
export { UdpApi, UdpSocket } from './shell/udp.ts';
export type { IcmpFacts, SegmentFacts, WireFacts } from './shell/wire-facts.ts';
export { createStack } from './stack.ts';
export type { CounterName } from './wire/abi.ts';
