// A device of the addon as a Link, without the addon: what it tells, and how it goes away and comes back.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { explainRights, NativeDevice } from '../../../src/link/afpacket.ts';
import type { NativeFacts, NativeFilter, NativeLink } from '../../../src/link/native.ts';
import { COUNTERS } from '../../../src/wire/abi.ts';
import { counter } from '../../../src/wire/drop.ts';

const TX_ERRORS = counter('txErrors');

class FakeNative implements NativeLink {
  readonly rxMemory = new ArrayBuffer(64);
  readonly rx = new ArrayBuffer(64);
  readonly tx = new ArrayBuffer(128);
  readonly counters = new ArrayBuffer(8 * COUNTERS.length);
  filter: NativeFilter | undefined;
  errno = 0;
  reopens = 0;
  reopened = 0;
  closed = false;
  onBurst: (n: number) => void = () => {};
  onDown: (errno: number) => void = () => {};
  device: NativeFacts = {
    name: 'eth7',
    mac: Uint8Array.of(2, 0, 0, 0, 0, 7),
    mtu: 1500,
    index: 3,
    checksum: true,
    segmentation: false,
    capacity: 1e6,
  };
  facts(): NativeFacts {
    return this.device;
  }
  attach(): void {}
  lend(): void {}
  start(onBurst: (n: number) => void, onDown: (errno: number) => void): void {
    this.onBurst = onBurst;
    this.onDown = onDown;
  }
  flush(): number {
    return this.errno;
  }
  setFilter(filter: NativeFilter): void {
    this.filter = filter;
  }
  readLate: boolean | undefined;
  readLong(on: boolean): boolean {
    this.readLate = on;
    return true;
  }
  readonly joined: number[] = [];
  positions: Uint8Array | undefined;
  join(small: number, large: number): number[] {
    this.joined.push(small, large);
    return [7, 8];
  }
  steer(_options: unknown, positions: Uint8Array): void {
    this.positions = positions;
  }
  reopen(): number {
    this.reopens++;
    return this.reopened;
  }
  read = 0;
  changed(): boolean {
    this.read++;
    return this.differs;
  }
  differs = false;
  ref(): void {}
  unref(): void {}
  async close(): Promise<void> {
    this.closed = true;
    structuredClone(this.rxMemory, { transfer: [this.rxMemory] }); // as the addon: nobody sees it any more
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(): { native: FakeNative; device: NativeDevice; downs: Error[]; ups(): number } {
  const native = new FakeNative();
  const device = new NativeDevice(native, { shared: true, arp: true });
  const downs: Error[] = [];
  let ups = 0;
  device.onUp = () => ups++;
  device.start(
    () => {},
    (error) => void downs.push(error),
  );
  return { native, device, downs, ups: () => ups };
}

test("the device's facts; frame lengths have 16 bits, so a packet with its Ethernet header and tag must fit them", () => {
  const { native, device } = open();
  expect(device).toMatchObject({
    name: 'eth7',
    kind: 'ether',
    mtu: 1500,
    capacity: 1e6,
    segmentation: false,
    offload: { txChecksum: true, maxPacket: 65_517 },
  });
  expect([device.rx.length, device.tx.length, device.counters.length]).toEqual([16, 32, COUNTERS.length]);
  native.device = { ...native.device, mtu: 65_536 };
  device.redetect();
  expect(device.mtu).toBe(65_517);
});

test('addresses join the filter that the mode asks for', () => {
  const { native, device } = open();
  const addresses = Int32Array.of(0, 0, 0xffff, 1);
  device.setAddresses(addresses);
  expect(native.filter).toEqual({ shared: true, arp: true, addresses });
});

test('a device that is down is reported once, looked for, and taken up again', () => {
  const { native, device, downs, ups } = open();
  native.reopened = 19;
  native.errno = 100;
  device.flush(1);
  device.flush(1);
  native.onDown(100);
  expect(downs).toEqual([
    expect.objectContaining({ message: "usertcp: 'eth7' is down", code: 'ENETDOWN', errno: -100 }),
  ]);
  vi.advanceTimersByTime(2000);
  expect([native.reopens, ups()]).toEqual([4, 0]);
  native.reopened = 0;
  native.device = { ...native.device, mtu: 1400 };
  vi.advanceTimersByTime(500);
  expect([ups(), device.mtu, vi.getTimerCount()]).toEqual([1, 1400, 1]);
  native.onDown(100);
  expect(downs.length).toBe(2);
});

test('another MTU or MAC address is noticed within seconds, and at once when a frame is refused; each is told once', () => {
  const { native, device } = open();
  const told: { mac: boolean; mtu: boolean }[] = [];
  device.onChange = (what) => void told.push(what);
  vi.advanceTimersByTime(5000);
  expect([native.read, native.reopens, told]).toEqual([1, 0, []]);
  native.differs = true;
  native.device = { ...native.device, mtu: 1300 };
  vi.advanceTimersByTime(5000);
  native.device = { ...native.device, mac: Uint8Array.of(2, 0, 0, 0, 0, 8) };
  vi.advanceTimersByTime(5000);
  vi.advanceTimersByTime(5000);
  expect([told, device.mtu, device.mac[5]]).toEqual([
    [
      { mac: false, mtu: true },
      { mac: true, mtu: false },
    ],
    1300,
    8,
  ]);

  native.device = { ...native.device, mtu: 1200 };
  const read = native.read;
  device.flush(1);
  device.counters[TX_ERRORS]!++;
  device.flush(1);
  device.flush(1);
  expect(device.mtu).toBe(1300); // the turn goes on with what it began with
  vi.advanceTimersByTime(0);
  expect([native.read - read, device.mtu, told.length]).toEqual([1, 1200, 3]);
});

test('one that is away is not asked, and found to be away it is reported', () => {
  const { native, downs } = open();
  native.differs = true;
  native.reopened = 100;
  vi.advanceTimersByTime(5000);
  expect([downs.length, native.read]).toEqual([1, 1]);
  vi.advanceTimersByTime(5000);
  expect([downs.length, native.read]).toEqual([1, 1]);
});

test('who lives for the device lives while it is away', () => {
  const { native, device } = open();
  const timers = vi.spyOn(globalThis, 'setInterval');
  const held = (): boolean => timers.mock.results.at(-1)!.value.hasRef();
  native.reopened = 19;
  native.onDown(100);
  expect(held()).toBe(true);
  device.unref();
  expect(held()).toBe(false);
  device.ref();
  expect(held()).toBe(true);
  device.unref();
  native.reopened = 0;
  vi.advanceTimersByTime(500);
  native.onDown(100);
  expect([timers.mock.calls.length, held()]).toEqual([2, false]);
});

test("closing ends the search; what comes afterwards is nobody's", async () => {
  const { native, device, downs } = open();
  native.onDown(19);
  await device.close();
  native.onDown(19);
  expect([native.closed, vi.getTimerCount(), downs.length]).toEqual([true, 0, 1]);
});

test('errors about rights say what to do, others stay as they are', () => {
  for (const code of ['EPERM', 'EACCES']) {
    const error = Object.assign(new Error('socket: Operation not permitted'), { code });
    expect(explainRights(error, 'eth0')).toBe(error);
    expect(error.message).toMatch(
      /opening 'eth0' needs CAP_NET_RAW and CAP_NET_ADMIN \(socket: Operation not permitted\).*sudo npx usertcp open eth0 -- node app\.js.*setcap.*unshare -Urn/,
    );
  }
  const foreign = explainRights(new Error('External buffers are not allowed'), 'eth0');
  expect(foreign).toMatchObject({ code: 'ERR_USERTCP_FOREIGN_MEMORY', message: /'eth0'.*Electron.*plain Node/ });
  const other = Object.assign(new Error('no such device'), { code: 'ENODEV' });
  expect([explainRights(other, 'x'), other.message, explainRights(7, 'x')]).toEqual([other, 'no such device', 7]);
});

test('long frames are read late as long as the device is open', async () => {
  const native = new FakeNative();
  const device = new NativeDevice(native, {});
  expect([device.readLong(true), native.readLate]).toEqual([true, true]);
  await device.close();
  expect([device.readLong(false), native.readLate]).toEqual([false, true]);
});

test('one of several stacks: its groups, and a filter that changes by parts', async () => {
  const native = new FakeNative();
  const link = new NativeDevice(native, { icmp: 'errors' });
  expect(link.join(-1, -1, new Int32Array(2))).toEqual([7, 8]);
  link.refine({ icmp: 'all' });
  expect(native.filter).toBeUndefined(); // no addresses yet: it lets nothing in
  link.setAddresses(Int32Array.of(1, 2, 3, 4));
  link.refine({ keptSyns: true });
  expect(native.filter).toEqual({ icmp: 'all', keptSyns: true, addresses: Int32Array.of(1, 2, 3, 4) });
  await link.close();
  link.refine({ keptSyns: false });
  link.steer({ key0: 1, key1: 2, first: 3, last: 4, ports: new Int32Array(28) }, new Uint8Array(2048));
  expect([native.filter?.keptSyns, native.positions]).toEqual([true, undefined]);
});

test('closed in the middle of a burst, its memory is there until the burst is over', async () => {
  const { native, device } = open();
  const seen: [number, boolean][] = [];
  let closing = Promise.resolve();
  device.start(
    () => {
      closing = device.close();
      seen.push([device.rxMemory.length, native.closed]);
    },
    () => {},
  );
  native.onBurst(1);
  await closing;
  expect([seen, device.rxMemory.length, native.closed]).toEqual([[[64, false]], 0, true]);
});

test('a burst that throws is over, too', async () => {
  const { native, device } = open();
  const failed = (): never => {
    throw new Error('handler');
  };
  device.start(failed, () => {});
  expect(() => native.onBurst(1)).toThrow('handler');
  await device.close();
  expect(native.closed).toBe(true);
});
