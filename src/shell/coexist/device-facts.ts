/** Whether the device can be used at all, before anything is opened on it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StackError } from '../errors.ts';
import { NFT_ENV } from './nft.ts';

/** /proc and not /sys: that one may belong to another network namespace. */
const DEVICES = '/proc/self/net/dev';

/** Names of the network interfaces here, loopback last. */
export function deviceNames(): string[] {
  const names = [...readFileSync(DEVICES, 'utf8').matchAll(/^\s*([^\s:|]+):/gm)].map(([, name]) => name!);
  return names.sort((a, b) => Number(a === 'lo') - Number(b === 'lo'));
}

/** Throws when the device is not there or is down; returns what is worth a warning. */
export function checkDevice(device: string): string[] {
  const names = deviceNames();
  if (!names.includes(device)) {
    throw new StackError(
      'ERR_USERTCP_NO_DEVICE',
      `there is no device '${device}' here; there are: ${names.join(', ') || 'none'}`,
    );
  }
  const flags = linkFlags(device);
  if (flags !== undefined && !flags.includes('UP')) {
    throw new StackError('ERR_USERTCP_DEVICE_DOWN', `'${device}' is down: ip link set ${device} up`);
  }
  return flags?.includes('NO-CARRIER')
    ? [`'${device}' has no carrier: nothing arrives until its cable, or the other end of the veth, is up`]
    : [];
}

/** As `ip` tells them; undefined when it is not installed. */
function linkFlags(device: string): readonly string[] | undefined {
  try {
    const text = execFileSync('ip', ['-j', 'link', 'show', 'dev', device], { env: NFT_ENV, encoding: 'utf8' });
    return (JSON.parse(text) as { flags: string[] }[])[0]?.flags;
  } catch {
    return undefined;
  }
}
