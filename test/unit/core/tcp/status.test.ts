import { expect, test } from 'vitest';
import { SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { F_SACK, F_TS, F_URG_MODE } from '../../../../src/core/tcp/row.ts';
import { endpointOf, infoOf } from '../../../../src/core/tcp/status.ts';
import { formatAddress } from '../../../../src/wire/address-text.ts';
import { bench } from './bench.ts';

test('both ends, and ports above 32767', () => {
  const { tcb } = bench();
  const out = new Int32Array(4);
  expect([endpointOf(tcb, 0, out), formatAddress(out)]).toEqual([80, '10.0.0.1']);
  expect([endpointOf(tcb, 1, out), formatAddress(out)]).toEqual([40_000, '10.0.0.2']);
  tcb.i32[tcb.at] = (65_535 << 16) | 65_534;
  expect([endpointOf(tcb, 0, out), endpointOf(tcb, 1, out)]).toEqual([65_535, 65_534]);
});

test('STATUS: windows as the peer knows them, differences over the wrap of sequence numbers', () => {
  const b = bench();
  b.tcb.flags |= F_SACK;
  b.tcb.scales = 7 | (9 << 8);
  b.tcb.rcvNxt = 0x7fffff00;
  b.tcb.rcvAdv = (0x7fffff00 + 5000) | 0;
  b.tcb.sndUna = 0x7ffffff0;
  b.tcb.sndNxt = (0x7ffffff0 + 100) | 0;
  b.tcb.bytesIn = 2 ** 40;
  expect(infoOf(b.t, b.tcb)).toMatchObject({
    state: 'ESTABLISHED',
    mss: 1000,
    rcvWnd: 5000,
    sndWnd: 60_000,
    inFlight: 100,
    sndScale: 7,
    rcvScale: 9,
    sack: true,
    timestamps: false,
    bytesIn: 2 ** 40,
    cwnd: 20_000,
    rtoMs: 1000,
    srttUs: 0,
  });
  b.tcb.state = SYN_SENT;
  b.tcb.flags = F_TS;
  expect(infoOf(b.t, b.tcb)).toMatchObject({ state: 'SYN_SENT', sack: false, timestamps: true });
});

test.each([
  // up, read to, mode → octets
  [50, 0, true, 50],
  [50, 0, false, 0],
  [20, 30, true, 50],
  [0, 30, false, 30],
  [0, 30, true, 30],
  [-10, 30, false, 20],
  [-30, 30, false, 0],
  [-31, 30, true, 0],
  [1, 30, false, 0],
])(
  'urgent end %i from RCV.NXT, %i octets unread, urgent mode %s: %i octets to the mark [MUST-33]',
  (up, unread, mode, left) => {
    const { t, tcb } = bench();
    tcb.rcvNxt = 0x7ffffff0;
    tcb.rcvUp = (tcb.rcvNxt + up) | 0;
    tcb.rcvUser = unread;
    tcb.flags = mode ? tcb.flags | F_URG_MODE : tcb.flags & ~F_URG_MODE;
    expect(infoOf(t, tcb).urgentLeft).toBe(left);
  },
);
