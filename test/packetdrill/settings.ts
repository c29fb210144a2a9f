/** What a stack of a script begins with: Linux's defaults, and what the script's own sysctl calls change of them. */
import type { TcpDefaults } from '../../src/core/api.ts';
import { SCRIPT_DEFAULTS } from '../conformance/script/core-backend.ts';

/** As far as they show on the wire. */
export const LINUX: TcpDefaults = {
  ...SCRIPT_DEFAULTS,
  sendBuffer: 4 << 20,
  receiveBuffer: 15 << 20,
  initialWindow: 65_535,
  minRto: 200,
  congestion: 'cubic',
};

const CONTROLLERS: Readonly<Record<string, string>> = { reno: 'newreno', cubic: 'cubic', bbr: 'bbr', dctcp: 'dctcp' };

/** Lines `net.ipv4.tcp_sack=0`; of what we have no word for, nothing. */
export function withSysctls(tcp: TcpDefaults, lines: string): TcpDefaults {
  const changed: { -readonly [K in keyof TcpDefaults]: TcpDefaults[K] } = { ...tcp };
  for (const [, name, value] of lines.matchAll(/net[./]ipv4[./]tcp_(\w+)\s*=\s*(.*)/g)) {
    const number = Number(value);
    const last = Number(value!.trim().split(/\s+/).at(-1));
    if (name === 'timestamps') changed.timestamps = number !== 0;
    else if (name === 'sack') changed.sack = number !== 0;
    else if (name === 'window_scaling') changed.windowScaling = number !== 0;
    else if (name === 'ecn')
      changed.ecn = number === 0 ? 'off' : number === 2 ? 'accept' : number === 1 ? 'on' : 'accurate';
    else if (name === 'congestion_control') changed.congestion = CONTROLLERS[value!.trim()] ?? changed.congestion;
    else if (name === 'syn_retries') changed.synRetries = number;
    else if (name === 'retries2') changed.dataRetries = number;
    else if (name === 'fin_timeout') changed.finWait2 = number * 1000;
    else if (name === 'notsent_lowat') changed.notSentLowat = number > 0x7fffffff ? 0 : number;
    else if (name === 'mtu_probing') changed.mtuProbing = number !== 0;
    else if (name === 'rmem') changed.receiveBuffer = last;
    else if (name === 'wmem') changed.sendBuffer = last;
  }
  return changed;
}
