/** The settings of a script in the kernel's words: sysctls of the namespace, options of its sockets. */
import type { AgentConfig } from './agent.ts';
import { type CoreBackendOptions, SCRIPT_DEFAULTS } from './core-backend.ts';

export const LOCAL = { 4: '10.0.0.1', 6: 'fd00::1' };

type Tune = readonly [level: number, option: number, value: number];
const SOL_SOCKET = 1;
const SO_OOBINLINE = 10;
const IPPROTO_TCP = 6;
const TCP_MAXSEG = 2;
const TCP_SYNCNT = 7;
const TCP_WINDOW_CLAMP = 10;
const TCP_USER_TIMEOUT = 18;
/** So that the window is a whole number of segments, as in the scripts' stack. */
const MSS = 1000;

/** What a default of our stack is there; undefined where the kernel has nothing like it. */
const SYSCTLS: Readonly<Record<string, (value: number | boolean | string) => Record<string, number>>> = {
  timestamps: (on) => ({ 'net.ipv4.tcp_timestamps': Number(on) }),
  sack: (on) => ({ 'net.ipv4.tcp_sack': Number(on) }),
  windowScaling: (on) => ({ 'net.ipv4.tcp_window_scaling': Number(on) }),
  minRto: (ms) => ({ 'net.ipv4.tcp_rto_min_us': Number(ms) * 1000 }),
  dataRetries: (n) => ({ 'net.ipv4.tcp_retries2': Number(n), 'net.ipv4.tcp_orphan_retries': Number(n) }),
  synRetries: (n) => ({ 'net.ipv4.tcp_syn_retries': Number(n), 'net.ipv4.tcp_synack_retries': Number(n) }),
  finWait2: (ms) => ({ 'net.ipv4.tcp_fin_timeout': Number(ms) / 1000 }),
};

const BASE = {
  'net.ipv4.tcp_congestion_control': 'reno',
  'net.ipv4.tcp_syn_linear_timeouts': 0,
  'net.ipv4.tcp_no_metrics_save': 1,
  'net.ipv4.tcp_autocorking': 0,
  'net.ipv4.tcp_moderate_rcvbuf': 0,
  'net.ipv4.tcp_comp_sack_nr': 0,
  'net.ipv4.tcp_rfc1337': 1,
  'net.ipv4.tcp_challenge_ack_limit': 0x7fffffff,
  'net.ipv4.tcp_rto_min_us': SCRIPT_DEFAULTS.minRto * 1000,
  'net.ipv6.conf.all.accept_dad': 0,
  'net.ipv6.conf.default.accept_dad': 0,
  'net.ipv6.conf.default.addr_gen_mode': 1,
  'net.ipv6.conf.default.router_solicitations': 0,
};

/** Why the kernel cannot be given these settings, or undefined. */
export function withoutTwin(options: CoreBackendOptions): string | undefined {
  const { tcp = {}, ip = {}, open = {}, backlog, maxConnections, seed } = options;
  const known = { ...SYSCTLS, userTimeout: true };
  const odd = Object.keys(tcp).find((name) => !(name in known) && tcp[name as keyof typeof tcp] !== undefined);
  if (odd !== undefined) return `the setting ${odd} is ours alone`;
  const strange = Object.keys(ip).find((name) => name !== 'sourceRoutes');
  if (strange !== undefined) return `the setting ip.${strange} is ours alone`;
  if (Object.keys(open).length > 0) return `options of a connection: ${Object.keys(open).join(', ')}`;
  if (maxConnections !== undefined) return 'the size of our tables';
  if (backlog !== undefined) return 'how long an accept queue is, and when it is full, each stack counts its own way';
  return seed === undefined ? undefined : 'a seed of ours';
}

export function agentConfig({ tcp = {}, ip = {}, mtu = 1500 }: CoreBackendOptions): AgentConfig {
  const sysctl: Record<string, string | number> = { ...BASE };
  for (const [name, value] of Object.entries(tcp)) Object.assign(sysctl, SYSCTLS[name]?.(value as number) ?? {});
  const routes = Number(ip.sourceRoutes === 'accept');
  for (const scope of ['all', 'default']) sysctl[`net.ipv4.conf.${scope}.accept_source_route`] = routes;
  return {
    device: 'tun0',
    sysctl,
    setup: [
      `ip link set tun0 mtu ${mtu} up`,
      `ip addr add ${LOCAL[4]}/24 dev tun0`,
      `ip addr add ${LOCAL[6]}/64 dev tun0 nodad`,
      'ip route add default dev tun0',
      'ip -6 route add default dev tun0',
    ],
  };
}

/** `linkMss`: the MSS comes from the link. */
export function socketOptions({ tcp = {} }: CoreBackendOptions, linkMss: boolean): Tune[] {
  const options: Tune[] = [
    [SOL_SOCKET, SO_OOBINLINE, 1],
    ...(linkMss ? [] : [[IPPROTO_TCP, TCP_MAXSEG, MSS] as const]),
    [IPPROTO_TCP, TCP_WINDOW_CLAMP, SCRIPT_DEFAULTS.receiveBuffer],
  ];
  if (tcp.synRetries !== undefined) options.push([IPPROTO_TCP, TCP_SYNCNT, tcp.synRetries]);
  if (tcp.userTimeout) options.push([IPPROTO_TCP, TCP_USER_TIMEOUT, tcp.userTimeout]);
  return options;
}
