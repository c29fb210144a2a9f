import { describe, expect, test } from 'vitest';
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS } from '../../../../src/wire/abi.ts';
import { address, BROADCAST, ETHER, Host, OUR_MAC, PEER_MAC } from './harness.ts';

const PEER = address('10.0.0.2');
const ZERO_MAC = '000000000000';
const arp = (op: number, sha: string, spa: string, tha: string, tpa: string, dst = OUR_MAC, tag = ''): string =>
  `${dst}${PEER_MAC}${tag}0806 0001080006040${op.toString(16).padStart(3, '0')} ${sha}${spa} ${tha}${tpa}`;
const US = '0a000001';
const THEM = '0a000002';
const plain = (s: string): string => s.replaceAll(' ', '');
const mac = (host: Host, hop: number): string =>
  (host.hops[hop * HOP_WORDS + HOP_MAC_HI]! >>> 0).toString(16).padStart(8, '0') +
  (host.hops[hop * HOP_WORDS + HOP_MAC_LO]! >>> 16).toString(16).padStart(4, '0');

describe('ARP, RFC 826', () => {
  test('a route to an unknown neighbour sends one broadcast request', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    expect(host.ip.ready(hop)).toBe(false);
    expect(host.take().map((s) => s.hex)).toEqual([
      plain(`${BROADCAST}${OUR_MAC}0806 0001080006040001 ${OUR_MAC}${US} ${ZERO_MAC}${THEM}`),
    ]);
  });

  test('the reply makes the hop ready and reachable', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.receive(arp(2, PEER_MAC, THEM, OUR_MAC, US));
    expect(host.ready).toEqual([hop]);
    expect(host.ip.ready(hop)).toBe(true);
    expect(mac(host, hop)).toBe(PEER_MAC);
    expect(host.ip.linkOf(hop)).toBe(ETHER);
    expect(host.ip.mtuOf(hop)).toBe(1500);
  });

  test('a request for us is answered by unicast, and teaches us the asker', () => {
    const host = new Host();
    host.receive(arp(1, PEER_MAC, THEM, ZERO_MAC, US, BROADCAST));
    expect(host.take().map((s) => s.hex)).toEqual([
      plain(`${PEER_MAC}${OUR_MAC}0806 0001080006040002 ${OUR_MAC}${US} ${PEER_MAC}${THEM}`),
    ]);
    expect(host.ip.ready(host.ip.routeTo(PEER, 0))).toBe(true);
    expect(host.take()).toEqual([]);
  });

  test('the answer carries the VLAN tag of the request', () => {
    const host = new Host();
    host.receive(arp(1, PEER_MAC, THEM, ZERO_MAC, US, BROADCAST, '81000064'));
    expect(host.take()[0]!.hex.slice(24, 36)).toBe('810000640806');
  });

  test('a request for somebody else is not answered and makes no entry', () => {
    const host = new Host({ hops: 1 });
    host.receive(arp(1, PEER_MAC, THEM, ZERO_MAC, '0a000003', BROADCAST));
    expect(host.take()).toEqual([]);
    expect(host.ip.ready(host.ip.routeTo(PEER, 0))).toBe(false);
  });

  test('"merge": a known pair is brought up to date whoever the target is', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.receive(arp(2, PEER_MAC, THEM, OUR_MAC, US));
    host.receive(arp(1, '020000000009', THEM, ZERO_MAC, THEM, BROADCAST));
    expect(mac(host, hop)).toBe('020000000009');
    expect(host.ip.ready(hop)).toBe(true);
  });

  test('a probe (RFC 5227) is answered and teaches nothing', () => {
    const host = new Host();
    host.receive(arp(1, PEER_MAC, '00000000', ZERO_MAC, US, BROADCAST));
    expect(host.take().map((s) => s.hex)).toEqual([
      plain(`${PEER_MAC}${OUR_MAC}0806 0001080006040002 ${OUR_MAC}${US} ${PEER_MAC}00000000`),
    ]);
  });

  test.each([
    ['a group as hardware address', arp(2, '030000000002', THEM, OUR_MAC, US)],
    ['our own address as sender', arp(2, PEER_MAC, US, OUR_MAC, US)],
    ['the broadcast address as sender', arp(2, PEER_MAC, '0a0000ff', OUR_MAC, US)],
    ['a loopback address as sender', arp(2, PEER_MAC, '7f000001', OUR_MAC, US)],
  ])('%s is not believed', (_what, frame) => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.take();
    expect(host.receive(frame)).toBe(true);
    expect(host.ready).toEqual([]);
    expect(host.ip.ready(hop)).toBe(false);
    expect(host.take()).toEqual([]);
  });

  test.each([[10], [27]])('a packet cut to %i bytes is not parsed', (length) => {
    const frame = plain(arp(1, PEER_MAC, THEM, ZERO_MAC, US, BROADCAST));
    expect(new Host().receive(frame.slice(0, 28 + 2 * length))).toBe(false);
  });

  test('three requests, one second apart, then the hop has failed; wanting it asks again [RFC 1122 §2.3.2.1]', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.ip.ready(hop);
    expect(host.take()).toHaveLength(1);
    for (let i = 0; i < 2; i++) {
      expect(host.ip.nextDeadline()).toBe(host.now + 1_000_000);
      host.pass(999);
      expect(host.take()).toHaveLength(0);
      host.pass(1);
      expect(host.take()).toHaveLength(1);
    }
    host.pass(1000);
    expect(host.failed).toEqual([hop]);
    expect(host.take()).toHaveLength(0);
    expect(host.ip.nextDeadline()).toBe(Infinity);
    expect(host.ip.ready(hop)).toBe(false);
    expect(host.take()).toHaveLength(1);
  });

  test('no room for the frame: the question is asked again a second later', () => {
    const host = new Host();
    host.raw.full = true;
    host.ip.routeTo(PEER, 0);
    host.raw.full = false;
    host.pass(1000);
    expect(host.take()).toHaveLength(1);
  });

  test('announce: a gratuitous request per address', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '192.168.1.1/24'] });
    host.ip.announce(ETHER);
    host.ip.announce(1);
    expect(host.take().map((s) => s.hex)).toEqual(
      [US, 'c0a80101'].map((a) => plain(`${BROADCAST}${OUR_MAC}0806 0001080006040001 ${OUR_MAC}${a} ${ZERO_MAC}${a}`)),
    );
  });
});

describe('reachability, RFC 4861 §7.3', () => {
  const reachable = (): { host: Host; hop: number } => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.receive(arp(2, PEER_MAC, THEM, OUR_MAC, US));
    host.take();
    return { host, hop };
  };

  test('an idle neighbour costs no wake-up and no packet', () => {
    const { host } = reachable();
    // What is left is the deadline of the request that was answered.
    host.pass(1000);
    expect(host.ip.nextDeadline()).toBe(Infinity);
    host.pass(3_600_000);
    expect(host.take()).toEqual([]);
  });

  test('used after it went stale: five seconds, three unicast requests, three to everyone, then failed', () => {
    const { host, hop } = reachable();
    host.pass(46_000);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(4999);
    expect(host.take()).toEqual([]);
    host.pass(1);
    expect(host.take()[0]!.hex.slice(0, 24)).toBe(PEER_MAC + OUR_MAC);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(1000);
    host.pass(1000);
    expect(host.take()).toHaveLength(2);
    for (let n = 0; n < 3; n++) host.pass(1000);
    expect(host.take().map(({ hex }) => hex.slice(0, 12))).toEqual(Array(3).fill('ffffffffffff'));
    expect(host.failed).toEqual([]);
    host.pass(1000);
    expect(host.failed).toEqual([hop]);
    expect(host.ip.ready(hop)).toBe(false);
  });

  test('a neighbour that changed its MAC silently is found again by asking everyone', () => {
    const { host, hop } = reachable();
    host.pass(46_000);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(5000);
    for (let n = 0; n < 3; n++) host.pass(1000);
    expect(host.ip.ready(hop)).toBe(false);
    host.receive(arp(2, '020000000077', THEM, OUR_MAC, US));
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(10_000);
    expect(host.failed).toEqual([]);
  });

  test('a reply to the unicast request makes it reachable', () => {
    const { host, hop } = reachable();
    host.pass(46_000);
    host.ip.ready(hop);
    host.pass(5000);
    host.receive(arp(2, PEER_MAC, THEM, OUR_MAC, US));
    host.take();
    host.pass(10_000);
    expect(host.take()).toEqual([]);
    expect(host.failed).toEqual([]);
  });

  test('a timeout of TCP asks at once, and only once', () => {
    const { host, hop } = reachable();
    host.ip.suspect(hop);
    host.ip.suspect(hop);
    expect(host.take().map((s) => s.hex.slice(0, 24))).toEqual([PEER_MAC + OUR_MAC]);
    expect(host.ip.ready(hop)).toBe(true);
    host.pass(3000);
    expect(host.take()).toHaveLength(1);
    host.receive(arp(2, PEER_MAC, THEM, OUR_MAC, US));
    host.pass(10_000);
    expect(host.failed).toEqual([]);
  });

  test('a timeout toward a neighbour not resolved yet changes nothing', () => {
    const host = new Host();
    const hop = host.ip.routeTo(PEER, 0);
    host.ip.suspect(hop);
    host.ip.confirm(hop);
    expect(host.take()).toHaveLength(1);
    expect(host.ip.ready(hop)).toBe(false);
  });

  test('forward progress of TCP spares the question [RFC 4861 §7.3.1]', () => {
    const { host, hop } = reachable();
    host.pass(46_000);
    host.ip.ready(hop);
    host.pass(3000);
    host.ip.confirm(hop);
    host.pass(4000);
    host.ip.confirm(hop);
    expect(host.take()).toEqual([]);
    expect(host.failed).toEqual([]);
  });
});

describe('the table', () => {
  test('what a connection holds is never given away; what nobody holds is, oldest first', () => {
    const host = new Host({ hops: 2, addresses: ['10.0.0.1/16'] });
    const a = host.ip.routeTo(address('10.0.1.1'), 0);
    host.pass(1);
    const b = host.ip.routeTo(address('10.0.1.2'), 0);
    expect(host.ip.routeTo(address('10.0.1.3'), 0)).toBe(-1);
    expect(host.ip.routeTo(address('10.0.1.2'), 0)).toBe(b);
    host.ip.release(b);
    expect(host.ip.routeTo(address('10.0.1.3'), 0)).toBe(-1);
    host.ip.release(a);
    host.ip.release(b);
    expect(host.ip.routeTo(address('10.0.1.3'), 0)).toBe(a);
    expect(host.ip.routeTo(address('10.0.1.4'), 0)).toBe(b);
  });

  test('thousands of neighbours come and go and each is found under its own address', () => {
    const host = new Host({ hops: 15, addresses: ['10.0.0.1/8'] });
    const held: { text: string; hop: number }[] = [];
    for (let i = 0; i < 3000; i++) {
      const text = `10.${(i * 7) & 255}.${(i * 13) & 255}.${2 + (i % 200)}`;
      const hop = host.ip.routeTo(address(text), 0);
      expect(hop).toBeGreaterThanOrEqual(0);
      expect(held.every((h) => h.hop !== hop || h.text === text)).toBe(true);
      held.push({ text, hop });
      if (held.length > 14) host.ip.release(held.shift()!.hop);
      host.pass(1);
      for (const h of held) {
        expect(host.ip.routeTo(address(h.text), 0)).toBe(h.hop);
        host.ip.release(h.hop);
      }
    }
  });
});
