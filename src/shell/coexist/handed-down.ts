/** What `usertcp open` handed down to this process, as the environment says. It is for the device that was opened, and for no other. */
import { Brokered } from './brokered.ts';

interface HandedDown {
  readonly device: string;
  readonly fds: readonly number[];
  readonly broker: Brokered;
}

let handed: HandedDown | undefined;
let taken = false;

/** Who arranges things with the kernel for us on this device; undefined = we do that ourselves. */
export function brokerOf(device: string): Brokered | undefined {
  return handedDown(device)?.broker;
}

/** The packet sockets, once: the link that takes them closes them. */
export function packetSocketsOf(device: string): readonly number[] | undefined {
  const fds = taken ? undefined : handedDown(device)?.fds;
  taken ||= fds !== undefined;
  return fds;
}

/** Read once; what this process starts is not to believe that it was handed anything. */
function handedDown(device: string): HandedDown | undefined {
  const { USERTCP_OPENED: opened, USERTCP_FDS: fds, USERTCP_BROKER: broker } = process.env;
  for (const name of ['USERTCP_OPENED', 'USERTCP_FDS', 'USERTCP_BROKER']) delete process.env[name];
  if (opened !== undefined && fds !== undefined && broker !== undefined) {
    handed = { device: opened, fds: fds.split(',').map(Number), broker: Brokered.inherited(Number(broker)) };
  }
  return handed?.device === device ? handed : undefined;
}
