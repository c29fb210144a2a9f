/**
 * Frames that arrive on a device without having been on its wire: written to a device of our own for the moment, and
 * redirected from its receive path to the other's.
 */
import { execFile } from 'node:child_process';
import { DESC_WORDS, KIND_RAW, TX_KIND, TX_LEN, TX_OFF } from '../wire/abi.ts';
import { type NativeDevice, openAfPacket } from './afpacket.ts';
import { openTap } from './tap.ts';

const VETH = 'ip link add "$1" type veth peer name "$2" && ip link set dev "$1" addrgenmode none up';
/** Quiet (no addresses, no solicitations), up, and everything it receives goes to $2. Prints its MAC. */
const REDIRECT = `set -e
ip link set dev "$1" addrgenmode none up >&2
tc qdisc add dev "$1" clsact >&2
to="action mirred ingress redirect dev $2"
tc filter add dev "$1" ingress protocol all prio 1 matchall $to 2>/dev/null ||
tc filter add dev "$1" ingress protocol all prio 2 u32 match u32 0 0 $to >&2
ip -o link show dev "$1"`;

let made = 0;

/** What is written to `link` is received by the device `name`. */
interface Source {
  readonly link: NativeDevice;
  readonly name: string;
  remove(): Promise<unknown>;
}

/** Resolves to why that cannot be done here, or undefined. `frames` gets the MAC that they must be sent to. */
export async function injectFrames(
  device: string,
  frames: (mac: Uint8Array) => readonly Uint8Array[],
): Promise<string | undefined> {
  let source: Source;
  try {
    source = await openSource(`utst${process.pid}${String.fromCharCode(97 + (made++ % 26))}`);
  } catch (error) {
    return `no packet can be put into ${device} (${error instanceof Error ? error.message : String(error)})`;
  }
  try {
    const output = await shell(REDIRECT, source.name, device);
    const mac = /link\/ether ([0-9a-f:]{17})/.exec(output)?.[1];
    if (mac === undefined) return `ip tells no MAC of ${source.name}`;
    send(source.link, frames(Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16))));
    return undefined;
  } catch (error) {
    return `no packet can be put into ${device} (${(error as Error).message})`;
  } finally {
    await source.link.close();
    await source.remove();
  }
}

/** A TAP device goes with its descriptor. Where there is no /dev/net/tun, as in most containers, a veth has to do. */
async function openSource(name: string): Promise<Source> {
  try {
    return { link: openTap({ device: name, slots: 64 }), name, remove: async () => {} };
  } catch {
    const far = `${name}z`;
    await shell(VETH, far, name);
    const remove = (): Promise<string> => shell('ip link del dev "$1"', far);
    try {
      return { link: openAfPacket({ device: far, smallSlots: 64, largeSlots: 16 }), name, remove };
    } catch (error) {
      await remove();
      throw error;
    }
  }
}

/** What the script prints; rejects with the first line of its complaint. */
function shell(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', script, 'sh', ...args], { env }, (error, output, complaint) => {
      if (error === null) resolve(output);
      else reject(new Error(complaint.trim().split('\n')[0]));
    });
  });
}

function send(link: NativeDevice, frames: readonly Uint8Array[]): void {
  const arena = Buffer.concat(frames);
  const nothing = new Int32Array(64);
  link.attach({ rows: nothing, flows: nothing, hops: nothing, arena });
  let offset = 0;
  for (const [i, frame] of frames.entries()) {
    const at = i * DESC_WORDS;
    link.tx.fill(0, at, at + DESC_WORDS);
    link.tx[at + TX_KIND] = KIND_RAW;
    link.tx[at + TX_OFF] = offset;
    link.tx[at + TX_LEN] = frame.length;
    offset += frame.length;
  }
  link.flush(frames.length);
}
