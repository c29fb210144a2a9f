/** `usertcp doctor`: what this machine allows; each line passes, or says the command that fixes it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { native } from '../link/native.ts';
import { kernelFacts } from '../shell/coexist/kernel-facts.ts';
import type { Terminal } from './terminal.ts';

export type Purpose = 'demo' | 'interop' | 'device';

export interface DoctorOptions {
  /** Decides which findings count for the exit code. */
  readonly purpose: Purpose;
  readonly json: boolean;
  readonly terminal: Terminal;
}

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to type. */
  readonly fix?: string;
  /** Purposes that cannot do without. */
  readonly needed: readonly Purpose[];
}

const SAME_HOST =
  'Programs on this host reach the stack only through a veth or TAP device, not through the interface the stack is on; ' +
  "and this host's firewall and conntrack see nothing of its traffic.";
const CAP_NET_ADMIN = 12n;
const CAP_NET_RAW = 13n;
const EVERYTHING: readonly Purpose[] = ['demo', 'interop', 'device'];

/** Returns the exit code: 0 unless something that the purpose needs is missing. */
export function runDoctor({ purpose, json, terminal }: DoctorOptions): number {
  const findings = [node(), addon(), ...capabilities(), namespaces(), ...commands(), forwarding(), interfaces()];
  const failed = findings.filter((finding) => !finding.ok && finding.needed.includes(purpose));
  if (json) {
    terminal.line(JSON.stringify({ purpose, ok: failed.length === 0, findings, note: SAME_HOST }, null, 2));
    return failed.length === 0 ? 0 : 1;
  }
  for (const { name, ok, detail, fix, needed } of findings) {
    const mark = ok ? terminal.good('pass') : needed.includes(purpose) ? terminal.bad('FAIL') : 'miss';
    terminal.line(`${mark}  ${name}: ${detail}`);
    if (!ok && fix !== undefined) terminal.line(`      ${terminal.bold(fix)}`);
  }
  terminal.line();
  terminal.line(SAME_HOST);
  return failed.length === 0 ? 0 : 1;
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'Node',
    ok,
    detail: process.version,
    fix: 'install Node 20.19 or newer: https://nodejs.org/en/download',
    needed: EVERYTHING,
  };
}

function addon(): Finding {
  try {
    const kernels = native().checksumKernels().join(', ');
    return { name: 'native addon', ok: true, detail: `loaded (checksum: ${kernels})`, needed: ['interop', 'device'] };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      name: 'native addon',
      ok: false,
      detail,
      fix: 'sudo apt-get install -y g++ make python3 && npm run build',
      needed: ['interop', 'device'],
    };
  }
}

function capabilities(): Finding[] {
  const held = BigInt(`0x${/CapEff:\s*([0-9a-f]+)/.exec(read('/proc/self/status'))?.[1] ?? '0'}`);
  return (
    [
      ['CAP_NET_RAW', CAP_NET_RAW],
      ['CAP_NET_ADMIN', CAP_NET_ADMIN],
    ] as const
  ).map(([name, bit]) => {
    const ok = ((held >> bit) & 1n) === 1n;
    return {
      name,
      ok,
      detail: ok ? 'held' : 'not held: no real interface can be opened by this process',
      fix:
        `sudo npx usertcp open ${ownDevice()} -- node app.js   (Node itself runs without rights)\n` +
        '      or, for every program of this Node: sudo setcap cap_net_raw,cap_net_admin+ep $(readlink -f $(which node))\n' +
        '      or, in a container, as its root: docker run --cap-add=NET_RAW --cap-add=NET_ADMIN\n' +
        '      or, in a namespace of your own: unshare -Urn',
      needed: ['device'],
    };
  });
}

/** The interface that a command is most likely meant for. */
function ownDevice(): string {
  return Object.keys(networkInterfaces()).find((name) => name !== 'lo') ?? 'eth0';
}

function namespaces(): Finding {
  const ok =
    spawnSync('unshare', ['--user', '--map-root-user', '--net', '--mount', 'true'], { stdio: 'ignore' }).status === 0;
  const apparmor = read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1';
  return {
    name: 'user and network namespaces',
    ok,
    detail: ok ? 'can be made' : 'refused (in a container, seccomp refuses them)',
    fix: apparmor
      ? 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'
      : 'sudo sysctl -w kernel.unprivileged_userns_clone=1, or docker run --privileged',
    needed: ['interop'],
  };
}

function commands(): Finding[] {
  const wanted: [command: string, version: string, packageName: string, needed: Purpose[]][] = [
    ['ip', '-V', 'iproute2', ['interop']],
    ['unshare', '--version', 'util-linux', ['interop']],
    ['setpriv', '--version', 'util-linux', []],
    ['nft', '--version', 'nftables', ['interop']],
    ['curl', '--version', 'curl', ['interop']],
    ['tc', '-V', 'iproute2', []],
    ['ethtool', '--version', 'ethtool', []],
  ];
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  return wanted.map(([command, version, packageName, needed]) => {
    const { status, stdout } = spawnSync(command, [version], { encoding: 'utf8', env });
    const ok = status === 0;
    return {
      name: command,
      ok,
      detail: ok ? stdout.split('\n')[0]!.slice(0, 60) : 'not installed',
      fix: `sudo apt-get install -y ${packageName}`,
      needed,
    };
  });
}

function forwarding(): Finding {
  const { forwards4, forwards6 } = kernelFacts();
  const on = [forwards4 ? 'IPv4' : '', forwards6 ? 'IPv6' : ''].filter((family) => family !== '');
  return {
    name: 'forwarding',
    ok: on.length === 0,
    detail: on.length === 0 ? 'off' : `on for ${on.join(' and ')}: mode "own" needs nft, or use mode "own-mac"`,
    fix: 'sudo sysctl -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0',
    needed: [],
  };
}

function interfaces(): Finding {
  const names = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  const details = names.map(
    (name) => `${name} (mtu ${read(`/sys/class/net/${name}/mtu`).trim() || '?'}, ${offloads(name)})`,
  );
  return {
    name: 'interfaces',
    ok: names.length > 0,
    detail: details.join('; ') || 'none but loopback',
    fix: 'sudo ip link add v0 type veth peer name v1 && sudo ip link set v0 up && sudo ip link set v1 up',
    needed: ['device'],
  };
}

function offloads(device: string): string {
  const { status, stdout } = spawnSync('ethtool', ['-k', device], { encoding: 'utf8' });
  if (status !== 0) return 'offloads unknown';
  const on = [...stdout.matchAll(/^(tx-checksumming|tcp-segmentation-offload|generic-receive-offload): on/gm)].map(
    (match) => match[1],
  );
  return on.length === 0 ? 'no offloads' : on.join(', ');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
