import { describe, expect, test } from 'vitest';
import { DhcpMachine, type DhcpOutput } from '../../../../src/shell/dhcp/machine.ts';
import {
  ACK,
  BROADCAST_FLAG,
  DECLINE,
  type DhcpMessage,
  DISCOVER,
  NAK,
  numberOf,
  OFFER,
  OPTION_ADDRESS,
  OPTION_CLIENT,
  OPTION_HOSTNAME,
  OPTION_LEASE,
  OPTION_SERVER,
  OPTION_T1,
  OPTION_T2,
  OPTION_WANTED,
  RELEASE,
  REQUEST,
  typeOf,
  u32,
} from '../../../../src/shell/dhcp/message.ts';
import { ip, type Policy, reply } from './server.ts';

const SERVER = '10.0.0.1';
const POLICY: Policy = { address: '10.0.0.7', lease: 3600, mood: 'kind' };
const HOUR = 3_600_000;

function client(): DhcpMachine {
  let n = 0;
  const random = (): number => Math.imul(++n, 0x9e3779b1);
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
  return new DhcpMachine({ mac, client: Uint8Array.of(0, 1, 2), hostname: 'probe', random, maxSize: 1472 });
}

const sent = (outputs: DhcpOutput[]): (DhcpOutput & { type: 'send' })[] =>
  outputs.filter((o): o is DhcpOutput & { type: 'send' } => o.type === 'send');
const one = (outputs: DhcpOutput[]): DhcpMessage => sent(outputs)[0]!.message;

function answer(
  to: DhcpMessage,
  type: number,
  policy = POLICY,
  server = SERVER,
): { type: 'message'; message: DhcpMessage } {
  return { type: 'message', message: reply(to, type, server, policy) };
}

/** A client that got its lease at `now`. */
function bound(policy = POLICY, now = 0): DhcpMachine {
  const c = client();
  const request = one(c.step(answer(one(c.step({ type: 'start' }, now)), OFFER, policy), now));
  expect(c.step(answer(request, ACK, policy), now)).toMatchObject([{ type: 'bound', renewed: false }]);
  return c;
}

test('DISCOVER, OFFER, REQUEST, ACK, with what RFC 2131 table 5 asks for in each', () => {
  const c = client();
  const [discover] = sent(c.step({ type: 'start' }, 0));
  expect([c.state, discover!.to, discover!.from]).toEqual(['SELECTING', 0, 0]);
  expect([typeOf(discover!.message), discover!.message.flags]).toEqual([DISCOVER, BROADCAST_FLAG]);
  expect([...discover!.message.options.keys()]).toEqual(
    expect.arrayContaining([OPTION_CLIENT, OPTION_WANTED, OPTION_HOSTNAME]),
  );
  expect([...discover!.message.options.keys()]).not.toContain(OPTION_SERVER);
  const [request] = sent(c.step(answer(discover!.message, OFFER), 100));
  expect([c.state, typeOf(request!.message), request!.to]).toEqual(['REQUESTING', REQUEST, 0]);
  expect(numberOf(request!.message, OPTION_ADDRESS)).toBe(ip('10.0.0.7') >>> 0);
  expect(numberOf(request!.message, OPTION_SERVER)).toBe(ip(SERVER) >>> 0);
  expect([request!.message.ciaddr, request!.message.xid]).toEqual([0, discover!.message.xid]);
  expect(c.step(answer(request!.message, ACK), 200)).toMatchObject([
    { type: 'bound', lease: { address: ip('10.0.0.7'), bits: 24, lasts: HOUR } },
  ]);
  // The lease counts from the request, not from the answer.
  expect([c.state, c.deadline]).toEqual(['BOUND', 100 + HOUR / 2]);
});

test('retries after 4, 8, 16, 32, 64, 64 s, each give or take one, with the seconds since the first', () => {
  const c = client();
  const xid = one(c.step({ type: 'start' }, 0)).xid;
  let now = 0;
  for (const wait of [4, 8, 16, 32, 64, 64, 64]) {
    expect(Math.abs(c.deadline - now - wait * 1000)).toBeLessThanOrEqual(1000);
    expect(c.step({ type: 'time' }, c.deadline - 1)).toEqual([]);
    now = c.deadline;
    const again = one(c.step({ type: 'time' }, now));
    expect([typeOf(again), again.xid, again.secs]).toEqual([DISCOVER, xid, Math.floor(now / 1000)]);
  }
});

test('a request that nobody answers: four of them, then from the beginning with a new id', () => {
  const c = client();
  const discover = one(c.step({ type: 'start' }, 0));
  c.step(answer(discover, OFFER), 0);
  const types: number[] = [];
  let last = discover;
  while (c.state === 'REQUESTING') {
    last = one(c.step({ type: 'time' }, c.deadline));
    types.push(typeOf(last));
  }
  expect(types).toEqual([REQUEST, REQUEST, REQUEST, DISCOVER]);
  expect(last.xid).not.toBe(discover.xid);
});

describe('what is not for us', () => {
  test.each<[string, (m: DhcpMessage) => void]>([
    ['another id', (m) => m.xid++],
    ['another MAC', (m) => (m.chaddr = Uint8Array.of(2, 0, 0, 0, 0, 1))],
    ['a request', (m) => (m.op = 1)],
    ['no server', (m) => m.options.delete(OPTION_SERVER)],
    ['no lease time', (m) => m.options.delete(OPTION_LEASE)],
    ['a group as address', (m) => (m.yiaddr = ip('224.0.0.1'))],
  ])('an offer with %s', (_what, spoil) => {
    const c = client();
    const offer = answer(one(c.step({ type: 'start' }, 0)), OFFER);
    spoil(offer.message);
    expect([c.step(offer, 0), c.state]).toEqual([[], 'SELECTING']);
  });

  test('an ACK or NAK of a server that was not chosen', () => {
    const c = client();
    const request = one(c.step(answer(one(c.step({ type: 'start' }, 0)), OFFER), 0));
    for (const type of [ACK, NAK]) expect(c.step(answer(request, type, POLICY, '10.0.0.2'), 0)).toEqual([]);
    expect(c.state).toBe('REQUESTING');
  });
});

describe('renewal', () => {
  test('at T1 of the server alone, from the address; an ACK starts the time anew', () => {
    const c = bound();
    const [request] = sent(c.step({ type: 'time' }, HOUR / 2));
    expect([c.state, request!.to, request!.from]).toEqual(['RENEWING', ip(SERVER), ip('10.0.0.7')]);
    expect([request!.message.ciaddr, request!.message.flags]).toEqual([ip('10.0.0.7'), 0]);
    for (const option of [OPTION_ADDRESS, OPTION_SERVER]) expect(request!.message.options.has(option)).toBe(false);
    expect(c.step(answer(request!.message, ACK), HOUR / 2 + 50)).toMatchObject([{ type: 'bound', renewed: true }]);
    expect([c.state, c.deadline]).toEqual(['BOUND', HOUR]);
  });

  test('half of what is left, at least a minute; at T2 of everybody; at the end the address is lost', () => {
    const c = bound();
    const seen: [minutes: number, state: string, to: number][] = [];
    let lost: DhcpOutput[] = [];
    while (lost.length === 0) {
      expect(seen.length).toBeLessThan(100);
      const now = c.deadline;
      const outputs = c.step({ type: 'time' }, now);
      lost = outputs.filter(({ type }) => type === 'lost');
      if (lost.length === 0) seen.push([now / 60_000, c.state, sent(outputs)[0]!.to]);
      else expect([now, c.state, typeOf(one(outputs))]).toEqual([HOUR, 'SELECTING', DISCOVER]);
    }
    const renewing = seen.filter(([, state]) => state === 'RENEWING');
    const rebinding = seen.filter(([, state]) => state === 'REBINDING');
    expect(renewing.slice(0, 3).map(([at]) => at)).toEqual([30, 41.25, 46.875]);
    expect(renewing.every(([, , to]) => to === ip(SERVER))).toBe(true);
    expect([rebinding[0]![0], rebinding[1]![0]]).toEqual([52.5, 56.25]);
    expect(rebinding.every(([, , to]) => to === 0)).toBe(true);
    expect(lost).toMatchObject([{ type: 'lost', lease: { address: ip('10.0.0.7') } }]);
  });

  test('another server may answer while rebinding; another address is a loss and a gain', () => {
    const c = bound();
    c.step({ type: 'time' }, c.deadline);
    let request = one(c.step({ type: 'time' }, HOUR * 0.875));
    expect(c.state).toBe('REBINDING');
    c.step(answer(request, ACK, POLICY, '10.0.0.2'), HOUR * 0.875);
    expect(c.lease!.server).toBe(ip('10.0.0.2'));
    request = one(c.step({ type: 'time' }, c.deadline));
    expect(c.step(answer(request, ACK, { ...POLICY, address: '10.0.0.8' }), 2 * HOUR)).toMatchObject([
      { type: 'lost', lease: { address: ip('10.0.0.7') } },
      { type: 'bound', renewed: false, lease: { address: ip('10.0.0.8') } },
    ]);
  });

  test('T1 and T2 are the server’s where they make sense', () => {
    const told = (t1: number, t2: number): [number, number] => {
      const c = client();
      const request = one(c.step(answer(one(c.step({ type: 'start' }, 0)), OFFER), 0));
      const ack = answer(request, ACK);
      ack.message.options.set(OPTION_T1, u32(t1)).set(OPTION_T2, u32(t2));
      c.step(ack, 0);
      return [c.lease!.t1 / 1000, c.lease!.t2 / 1000];
    };
    expect(told(600, 1200)).toEqual([600, 1200]);
    expect(told(3000, 1200)).toEqual([1200, 1200]);
    expect(told(600, 7200)).toEqual([600, 3150]);
    expect(told(0, 0)).toEqual([1800, 3150]);
  });

  test('a lease for good is never renewed', () => {
    expect(bound({ ...POLICY, lease: -1 }).deadline).toBe(Number.POSITIVE_INFINITY);
  });
});

test('a lease for good whose server names T1: asked again after that long, when nobody answers', () => {
  const c = client();
  const request = one(c.step(answer(one(c.step({ type: 'start' }, 0)), OFFER), 0));
  const ack = answer(request, ACK, { ...POLICY, lease: -1 });
  ack.message.options.set(OPTION_T1, u32(3600));
  c.step(ack, 0);
  for (let hour = 1; hour <= 3; hour++) {
    expect([c.deadline, typeOf(one(c.step({ type: 'time' }, c.deadline)))]).toEqual([hour * HOUR, REQUEST]);
  }
});

describe('the link came back [RFC 2131 §3.7]', () => {
  test('with a lease: asks everybody, as after a reboot, whether it is still good [§3.2, table 4]', () => {
    const c = bound();
    const [request] = sent(c.step({ type: 'start' }, 60_000));
    expect([c.state, typeOf(request!.message), request!.to, request!.from]).toEqual(['REBOOTING', REQUEST, 0, 0]);
    expect([request!.message.ciaddr, request!.message.flags]).toEqual([0, BROADCAST_FLAG]);
    expect(numberOf(request!.message, OPTION_ADDRESS)).toBe(ip('10.0.0.7') >>> 0);
    expect(request!.message.options.has(OPTION_SERVER)).toBe(false);
    expect(c.step(answer(request!.message, ACK), 60_100)).toMatchObject([{ type: 'bound', renewed: true }]);
    expect([c.state, c.deadline]).toEqual(['BOUND', 60_000 + HOUR / 2]);
  });

  test('a server that says no: the address goes, and another one is looked for at once', () => {
    const c = bound();
    const request = one(c.step({ type: 'start' }, 60_000));
    const outputs = c.step(answer(request, NAK, POLICY, '10.9.0.1'), 60_100);
    expect(outputs[0]).toMatchObject({ type: 'lost', why: 'the server said no' });
    expect([c.state, typeOf(one(outputs)), sent(outputs)[0]!.from]).toEqual(['SELECTING', DISCOVER, 0]);
  });

  test.each([
    ['for good', -1, Number.POSITIVE_INFINITY, 'BOUND'],
    ['of an hour', 3600, HOUR / 2, 'BOUND'],
    ['of two minutes, which is beyond T1 by then', 120, undefined, 'RENEWING'],
    ['of a minute, which is over by then', 60, undefined, 'SELECTING'],
  ])(
    'nobody answers: asked four times in a minute, then a lease %s goes on as before [§3.2 step 4]',
    (_, lease, due, state) => {
      const c = bound({ ...POLICY, lease });
      const types = [typeOf(one(c.step({ type: 'start' }, 10_000)))];
      const xids = new Set<number>();
      for (let n = 0; n < 10 && c.state === 'REBOOTING'; n++) {
        expect(c.deadline).toBeLessThan(80_000);
        for (const { message } of sent(c.step({ type: 'time' }, c.deadline))) {
          types.push(typeOf(message));
          xids.add(message.xid);
        }
      }
      expect([c.state, types.filter((type) => type === REQUEST).length >= 3]).toEqual([state, true]);
      if (due !== undefined) expect([c.deadline, types, xids.size]).toEqual([due, Array(4).fill(REQUEST), 1]);
    },
  );

  test('without one: DISCOVER at once, and the waits begin anew', () => {
    const c = client();
    c.step({ type: 'start' }, 0);
    for (let n = 0; n < 6; n++) c.step({ type: 'time' }, c.deadline);
    const now = c.deadline - 60_000;
    expect(typeOf(one(c.step({ type: 'start' }, now)))).toBe(DISCOVER);
    expect(c.deadline - now).toBeLessThanOrEqual(5000);
  });

  test('ten seconds after a NAK or DECLINE are waited for all the same', () => {
    const c = bound();
    c.step({ type: 'conflict' }, 1000);
    expect([c.step({ type: 'start' }, 2000), c.state, c.deadline]).toEqual([[], 'INIT', 11_000]);
  });
});

test('NAK: the address is gone at once, and the next try waits ten seconds', () => {
  const c = bound();
  const request = one(c.step({ type: 'time' }, HOUR / 2));
  expect(c.step(answer(request, NAK), HOUR / 2)).toMatchObject([{ type: 'lost' }]);
  expect([c.state, c.deadline]).toEqual(['INIT', HOUR / 2 + 10_000]);
  expect(typeOf(one(c.step({ type: 'time' }, c.deadline)))).toBe(DISCOVER);
});

test('an address that somebody else has is declined', () => {
  const c = bound();
  const outputs = c.step({ type: 'conflict' }, 500);
  const decline = one(outputs);
  expect(outputs[0]).toMatchObject({ type: 'lost' });
  expect([typeOf(decline), decline.ciaddr, sent(outputs)[0]!.from]).toEqual([DECLINE, 0, 0]);
  expect(numberOf(decline, OPTION_ADDRESS)).toBe(ip('10.0.0.7') >>> 0);
  expect(numberOf(decline, OPTION_SERVER)).toBe(ip(SERVER) >>> 0);
  expect([c.state, c.deadline]).toEqual(['INIT', 10_500]);
});

test('an address that cannot be used here is dropped without a word, and ten seconds later the search begins again', () => {
  const c = bound();
  expect(c.step({ type: 'unusable', why: 'no nft' }, 500)).toMatchObject([{ type: 'lost', why: 'no nft' }]);
  expect([c.state, c.deadline, c.lease, c.complaint]).toEqual(['INIT', 10_500, undefined, 'no nft']);
  expect(typeOf(one(c.step({ type: 'time' }, c.deadline)))).toBe(DISCOVER);
  expect(c.step({ type: 'unusable', why: 'no lease' }, 11_000)).toEqual([]);
});

test('the end: RELEASE to the server, then nothing any more', () => {
  const c = bound();
  const [release] = sent(c.step({ type: 'stop' }, 1000));
  expect([typeOf(release!.message), release!.to, release!.message.ciaddr]).toEqual([
    RELEASE,
    ip(SERVER),
    ip('10.0.0.7'),
  ]);
  expect(c.step({ type: 'start' }, 1000)).toEqual([]);
  expect([c.state, c.deadline]).toEqual(['STOPPED', Number.POSITIVE_INFINITY]);
  const without = client();
  without.step({ type: 'start' }, 0);
  expect(without.step({ type: 'stop' }, 1)).toEqual([]);
});
