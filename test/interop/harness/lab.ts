// Two hosts on one wire: `kernel` has the Linux stack as its peer, `stack` has an interface without an address, for ours.
// Loss needs a wire that drops behind the sender's back (a drop in the sender's own output path is told to its TCP, and
// is no loss): then a third namespace stands between and forwards every frame that its dice let through.
import { capability, has } from './capability.ts';
import { Side } from './side.ts';

export interface LabOptions {
  readonly mtu?: number;
  /** TSO, GSO, checksum offload and scatter-gather on both ends. */
  readonly offloads?: boolean;
  readonly gro?: boolean;
  /** Probability that a frame is lost, each way. */
  readonly loss?: { readonly toStack?: number; readonly toKernel?: number };
  /** sysctl settings of the kernel host, e.g. { 'net.ipv4.tcp_sack': 0 }. */
  readonly sysctl?: Readonly<Record<string, string | number>>;
}

export const addresses = {
  kernel: { v4: '10.99.0.1', v6: 'fd99::1' },
  stack: { v4: '10.99.0.2', v6: 'fd99::2' },
  /** A second address of the kernel in the namespace of our stack, for comparisons with node:net on the same wire. */
  neighbour: { v4: '10.99.0.3', v6: 'fd99::3' },
  prefix: { v4: 24, v6: 64 },
} as const;

let made = 0;

export class Lab {
  readonly addresses = addresses;
  readonly kernel: Side;
  readonly stack: Side;
  readonly wire: Side | undefined;
  /** Interface of the kernel host. */
  readonly kernelDevice: string;
  /** Interface of our host. */
  readonly device: string;
  readonly #onExit = (): void => {
    for (const side of this.sides) side.kill();
  };

  private constructor(kernel: Side, stack: Side, wire: Side | undefined, id: string) {
    this.kernel = kernel;
    this.stack = stack;
    this.wire = wire;
    this.kernelDevice = `ut${id}k`;
    this.device = `ut${id}s`;
    process.on('exit', this.#onExit);
  }

  get sides(): Side[] {
    return [this.kernel, this.stack, ...(this.wire ? [this.wire] : [])];
  }

  static async create(options: LabOptions = {}): Promise<Lab> {
    const can = capability();
    if (!can.ok) throw new Error(can.reason);
    const lossy = (options.loss?.toStack ?? 0) > 0 || (options.loss?.toKernel ?? 0) > 0;
    if (lossy && !has('nft')) throw new Error('not installed: nft (Debian: nftables)');
    const id = `${process.pid % 100_000}-${made++}`;
    const kernel = await Side.create(can.how);
    const stack = await Side.create(can.how, kernel);
    const wire = lossy ? await Side.create(can.how, kernel) : undefined;
    const lab = new Lab(kernel, stack, wire, id);
    try {
      lab.#connect(options);
      if (process.env.USERTCP_LAB_CAPTURE) lab.#capture(`${process.env.USERTCP_LAB_CAPTURE}/lab-${id}`);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  #connect(options: LabOptions): void {
    const { kernel, stack, wire, kernelDevice: k, device: s } = this;
    const veth = (a: Side, nameA: string, b: Side, nameB: string): void => {
      kernel.run(
        'ip',
        'link',
        'add',
        nameA,
        'netns',
        String(a.pid),
        'type',
        'veth',
        'peer',
        'name',
        nameB,
        'netns',
        String(b.pid),
      );
      for (const [side, name] of [
        [a, nameA],
        [b, nameB],
      ] as const) {
        this.#tune(side, name, options);
      }
    };
    if (wire === undefined) veth(kernel, k, stack, s);
    else {
      veth(kernel, k, wire, 'wk');
      veth(stack, s, wire, 'ws');
      this.setLoss(options.loss ?? {});
    }
    kernel.run('ip', 'addr', 'add', `${addresses.kernel.v4}/${addresses.prefix.v4}`, 'dev', k);
    if ((options.mtu ?? 1500) >= 1280) {
      kernel.run('ip', 'addr', 'add', `${addresses.kernel.v6}/${addresses.prefix.v6}`, 'dev', k, 'nodad');
    }
    for (const [name, value] of Object.entries(options.sysctl ?? {})) this.sysctl(kernel, name, value);
  }

  /** USERTCP_LAB_CAPTURE=directory: the headers of all frames as both hosts see them. */
  #capture(path: string): void {
    for (const [side, device, who] of [
      [this.kernel, this.kernelDevice, 'kernel'],
      [this.stack, this.device, 'stack'],
    ] as const) {
      side.start(['tcpdump', '-i', device, '-s', '120', '-B', '65536', '-n', '-w', `${path}-${who}.pcap`]);
    }
  }

  #tune(side: Side, device: string, { mtu = 1500, offloads = false, gro = offloads }: LabOptions): void {
    // No router solicitations, no link-local address: only what a test sends is on the wire.
    this.sysctl(side, `net.ipv6.conf.${device}.addr_gen_mode`, 1);
    this.sysctl(side, `net.ipv6.conf.${device}.accept_dad`, 0);
    side.run('ip', 'link', 'set', device, 'mtu', String(mtu), 'txqueuelen', '1000', 'up');
    this.setOffloads(side, device, offloads, gro);
  }

  /** MAC address of an interface. */
  mac(side: Side, device: string): string {
    const [link] = JSON.parse(side.run('ip', '-j', 'link', 'show', 'dev', device)) as { address: string }[];
    return link!.address;
  }

  sysctl(side: Side, name: string, value: string | number): void {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    side.run('sh', '-c', 'echo "$1" > "$2"', 'sh', String(value), file);
  }

  setOffloads(side: Side, device: string, on: boolean, gro = on): void {
    if (!has('ethtool')) throw new Error('not installed: ethtool');
    const flag = on ? 'on' : 'off';
    const args = ['tso', flag, 'gso', flag, 'tx', flag, 'sg', flag, 'gro', gro ? 'on' : 'off'];
    side.try(['ethtool', '-K', device, ...args]); // says "actual changes" and fails on a feature that the device lacks
  }

  /** Sets the loss of a lab made with some; frames already on the wire are not touched. */
  setLoss({ toStack = 0, toKernel = 0 }: NonNullable<LabOptions['loss']>): void {
    if (this.wire === undefined) throw new Error('this lab has a direct wire: make it with loss');
    const side = (from: string, to: string, loss: number): string =>
      `chain ${from} { type filter hook ingress device ${from} priority 0;
         ${loss > 0 ? `${loss < 1 ? `numgen random mod 1000000 < ${Math.round(loss * 1e6)}` : ''} counter drop` : ''}
         fwd to ${to}
       }`;
    const rules = `table netdev lab {}\ndelete table netdev lab\ntable netdev lab { ${side('wk', 'ws', toStack)}\n${side('ws', 'wk', toKernel)}\n}\n`;
    const r = this.wire.try(['nft', '-f', '-'], { input: rules });
    if (r.code !== 0) throw new Error(`nft: ${r.err}`);
  }

  /** How many frames the dice took so far: {toStack, toKernel}. */
  lost(): { toStack: number; toKernel: number } {
    const list = this.wire?.run('nft', 'list', 'table', 'netdev', 'lab') ?? '';
    const of = (from: string): number => Number(new RegExp(`chain ${from} [^}]*?packets (\\d+)`).exec(list)?.[1] ?? 0);
    return { toStack: of('wk'), toKernel: of('ws') };
  }

  /** Gives the kernel an address on our side too, so that node:net can be run where our stack runs. */
  addNeighbour(): void {
    this.stack.run('ip', 'addr', 'add', `${addresses.neighbour.v4}/${addresses.prefix.v4}`, 'dev', this.device);
    this.stack.run(
      'ip',
      'addr',
      'add',
      `${addresses.neighbour.v6}/${addresses.prefix.v6}`,
      'dev',
      this.device,
      'nodad',
    );
  }

  async close(): Promise<void> {
    process.off('exit', this.#onExit);
    await Promise.all(this.sides.map((side) => side.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
