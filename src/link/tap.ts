/** A TAP interface: the host's kernel is the machine at the other end of the wire. */
import { randomBytes } from 'node:crypto';
import { checkVlan } from '../wire/ethernet.ts';
import { explainRights, NativeDevice } from './afpacket.ts';
import { native, type TapLinkOptions } from './native.ts';

export interface TapOptions extends Omit<TapLinkOptions, 'checksum' | 'mac'> {
  /** Ours, not the interface's; by default a random one. */
  readonly mac?: Uint8Array | undefined;
}

/** Locally administered, unicast: IEEE 802-2014 §8.2.2. */
function randomMac(): Uint8Array {
  const mac = new Uint8Array(randomBytes(6));
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02;
  return mac;
}

export function openTap(options: TapOptions): NativeDevice {
  const { TapLink } = native();
  try {
    const vlan = checkVlan(options.vlan ?? 0);
    const mac = options.mac ?? randomMac();
    const link = new TapLink({ ...options, mac, vlan, checksum: process.env.USERTCP_CHECKSUM });
    return new NativeDevice(link, {});
  } catch (error) {
    const make = `sudo ip tuntap add dev ${options.device} mode tap user $USER`;
    throw explainRights(
      error,
      options.device,
      `Once, for your user: ${make}; or in a namespace of your own: unshare -Urn`,
    );
  }
}
