/** The worlds the checker goes through. Small scripts and small budgets, so that most of them are searched to the end. */
import { ACK, FIN, RST, SYN } from '../../src/wire/abi.ts';
import type { Stranger } from './inject.ts';
import { budget, type Scenario } from './scenario.ts';

const ESTABLISHED_STRANGERS: readonly Stranger[] = [
  { to: 1, flags: RST, seq: 0 },
  { to: 1, flags: RST, seq: 1 },
  { to: 1, flags: RST, seq: -1 },
  { to: 1, flags: RST | ACK, seq: 1000 },
  { to: 1, flags: SYN, seq: 0 },
  { to: 1, flags: SYN, seq: 5000 },
  { to: 1, flags: ACK, seq: 0, ack: 1 },
  { to: 1, flags: ACK, seq: 0, ack: -5000 },
  { to: 1, flags: ACK, seq: 900 },
  { to: 1, flags: ACK | FIN, seq: 1 },
];

export const scenarios: readonly Scenario[] = [
  {
    name: 'three-way handshake, text one way, the sender closes first',
    ids: ['T268', 'T274', 'T275', 'T281', 'T285', 'T297'],
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, reorder: 1, early: 1 }),
  },
  {
    name: 'two losses, the last ACK among them',
    ids: ['T279', 'T290'],
    scripts: [
      ['connect', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ drop: 2, double: 1, early: 1 }),
  },
  {
    name: 'text both ways, any order of closing',
    ids: ['T276', 'T277', 'T278', 'T287', 'T323'],
    scripts: [
      ['connect', 'send 2', 'close'],
      ['listen', 'send 1', 'send 1', 'close'],
    ],
    budget: budget({ drop: 1, reorder: 1 }),
  },
  {
    name: 'simultaneous open',
    ids: ['T269', 'T286'],
    scripts: [
      ['connect', 'send 1', 'close'],
      ['connect', 'send 1', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, reorder: 1, early: 1 }),
    lateListen: true,
    mayRefuse: true,
  },
  {
    name: 'a SYN crosses a LISTEN that turns active',
    // Refused, the host still listens: an old SYN gets as far as SYN_RECEIVED again, where the clock of the ISS, which stands still
    // here, lets an old acknowledgment pass, as it does a probe's.
    conns: 2,
    scripts: [
      ['connect', 'close'],
      ['listen', 'open', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, reorder: 1, early: 1 }),
    mayRefuse: true,
  },
  {
    name: 'a host that connects to itself',
    ids: ['T294'],
    scripts: [['connect', 'send 1', 'send 1', 'close']],
    budget: budget({ drop: 2, double: 1, reorder: 1, early: 1 }),
  },
  {
    name: 'close in SYN_RECEIVED by either kind of open',
    ids: ['T282', 'T298'],
    scripts: [
      ['connect', 'close'],
      ['connect', 'send 1', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, early: 1 }),
    mayRefuse: true,
  },
  {
    name: 'a small window and a slow reader',
    ids: ['T283', 'T295'],
    scripts: [
      ['connect', 'send 3', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ drop: 1, double: 1 }),
    open: { receiveBuffer: 2 },
    slowReader: true,
  },
  {
    name: 'both windows closed',
    ids: ['T288', 'T289'],
    scripts: [
      ['connect', 'send 2', 'close'],
      ['listen', 'send 2', 'close'],
    ],
    budget: budget({ drop: 1 }),
    open: { receiveBuffer: 1 },
    slowReader: true,
  },
  {
    name: 'delayed acknowledgments and Nagle',
    scripts: [
      ['connect', 'send 1', 'send 1', 'close'],
      ['listen', 'send 1', 'close'],
    ],
    budget: budget({ drop: 1, early: 1 }),
    tcp: { delayedAck: 40, noDelay: false },
  },
  {
    name: 'timestamps',
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'send 1', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, reorder: 1 }),
    tcp: { timestamps: true, sack: false },
  },
  {
    name: 'abort at any moment',
    ids: ['T284', 'T293'],
    scripts: [
      ['connect', 'send 1', 'abort|close', 'abort'],
      ['listen', 'send 1', 'abort|close|giveup', 'abort'],
    ],
    budget: budget({ drop: 1, double: 1 }),
  },
  {
    name: 'nobody reads any more',
    scripts: [
      ['connect', 'send 1', 'giveup', 'close'],
      ['listen', 'send 1', 'giveup|close', 'close'],
    ],
    budget: budget({ drop: 1, early: 1 }),
    slowReader: true,
  },
  {
    name: 'a peer that forgot',
    ids: ['T271', 'T272'],
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'restart', 'listen', 'connect', 'close'],
    ],
    budget: budget({ drop: 1, double: 1 }),
    conns: 2,
  },
  {
    name: 'a caller that forgot and calls again',
    ids: ['T271'],
    scripts: [
      ['connect', 'restart', 'connect', 'send 1', 'close'],
      ['listen', 'send 1', 'close', 'next 2', 'close'],
    ],
    budget: budget({ drop: 1, double: 1 }),
    conns: 2,
  },
  {
    name: 'two connections one after the other',
    ids: ['T280'],
    scripts: [
      ['connect', 'send 1', 'close', 'connect', 'send 1', 'close'],
      ['listen', 'close', 'next 2', 'close'],
    ],
    budget: budget({ drop: 1, double: 1 }),
    conns: 2,
  },
  {
    name: 'the end that closed last calls again: TIME_WAIT is reopened',
    scripts: [
      ['connect', 'close', 'connect', 'send 1', 'close'],
      ['listen', 'close', 'next 2', 'close'],
    ],
    budget: budget({ drop: 1, double: 1, early: 1 }),
    conns: 2,
  },
  {
    name: 'an old SYN arrives twice',
    ids: ['T270'],
    scripts: [
      ['connect', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ double: 1, reorder: 1, inject: 1 }),
    strangers: [
      { to: 1, flags: SYN, seq: -3000 },
      { to: 1, flags: SYN, seq: 3000 },
    ],
    conns: 2,
  },
  {
    name: 'an old SYN,ACK between two that listen',
    ids: ['T273'],
    scripts: [
      ['listen', 'unlisten'],
      ['listen', 'unlisten'],
    ],
    budget: budget({ double: 1, inject: 2 }),
    strangers: [
      { to: 0, flags: SYN, seq: 7 },
      { to: 1, flags: SYN | ACK, seq: 7 },
      { to: 1, flags: SYN, seq: 9 },
    ],
  },
  {
    name: 'strangers while it is open',
    ids: ['T292', 'T299', 'T322'],
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'send 1', 'close'],
    ],
    budget: budget({ inject: 1, reorder: 1 }),
    strangers: ESTABLISHED_STRANGERS,
    conns: 2,
  },
  {
    name: 'the line is cut',
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'send 1', 'close'],
    ],
    budget: budget({ cut: 1, early: 1 }),
  },
  {
    name: 'the line is cut and the users have set a limit',
    scripts: [
      ['connect', 'send 1', 'close'],
      ['listen', 'send 1', 'close'],
    ],
    budget: budget({ cut: 1 }),
    tcp: { userTimeout: 1500 },
  },
  {
    name: 'the line is cut under a keep-alive',
    scripts: [
      ['connect', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ cut: 1 }),
    open: { keepAlive: { idle: 5000, interval: 1000, count: 2 } },
  },
  {
    name: 'TIME_WAIT is reopened by timestamps',
    scripts: [
      ['connect', 'close', 'connect', 'close'],
      ['listen', 'close', 'next 2', 'close'],
    ],
    budget: budget({ drop: 1 }),
    tcp: { timestamps: true },
    conns: 2,
  },
  {
    name: 'the line is cut before the handshake is over',
    scripts: [
      ['connect', 'close'],
      ['listen', 'close'],
    ],
    budget: budget({ cut: 1, early: 1 }),
    tcp: { userTimeout: 1500 },
  },
];
