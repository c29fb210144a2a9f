// What we tell a sender: SACK blocks in the order of RFC 2018 §4, duplicates by RFC 2883 §4.
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

const SACK = 'mss 1000, sackOK';
const TS = 'mss 1000, sackOK, ts 1 0';

describe('SACK blocks', () => {
  conform(
    'the block of the segment that came leads, then those that led before it [RFC 2018 §4-c] [RFC 2018 §4-d]',
    async (s) => {
      await bring(s, 'ESTABLISHED', 'passive', SACK);
      await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:201>
      +0 < . seq 501 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 501:601 101:201>
      +0 < . seq 301 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 301:401 501:601 101:201>
      +0 < . seq 701 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 701:801 301:401 501:601 101:201>
      +0 < . seq 901 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 901:1001 701:801 301:401 501:601>
      +0 < . seq 201 ack 1 len 50
      +0 > . seq 1 ack 1 <sack 101:251 901:1001 701:801 301:401>
      +0 < . seq 601 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 501:801 101:251 901:1001 301:401>
    `;
    },
  );

  conform('an ACK that moves forward still says what else is held [RFC 2018 §4-b] [RFC 5681 §3.2-b]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:201>
      +0 < . seq 301 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 301:401 101:201>
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 201 <sack 301:401>
      +0 < . seq 201 ack 1 len 50
      +0 > . seq 1 ack 251 <sack 301:401>
      +0 < . seq 251 ack 1 len 50
      +0 > . seq 1 ack 401 <>
    `;
  });

  conform('a FIN that is held behind a hole is part of its block [RFC 2018 §3]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:201>
      +0 < FP. seq 301 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 301:402 101:201>
      +0 < . seq 201 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:402>
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 402 <>
      expect CLOSE_WAIT
    `;
  });

  conform('three blocks beside Timestamps, four alone [RFC 2018 §3]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', TS);
    for (const seq of [101, 301, 501, 701]) await s.run(`+0 < . seq ${seq} ack 1 len 100 <ts 2 0>\n+0 > . ack 1`);
    await s.run`
      +0 < . seq 901 ack 1 len 100 <ts 3 0>
      +0 > . seq 1 ack 1 <ts * 1, sack 901:1001 701:801 501:601>
    `;
  });

  conform('SACK-permitted is on SYNs alone [RFC 2018 §2]', async (s) => {
    const size = s.family === 4 ? 1460 : 1440;
    await s.run`
      listen
      +0 < S seq 0 win 5000 <mss 1000, sackOK>
      +0 > S. seq 0 ack 1 <mss ${size}, sackOK>
      +0 < . seq 1 ack 1
      send 10
      +0 > P. seq 1 ack 1 len 10 <>
      +0 < F. seq 1 ack 11
      +0 > . seq 11 ack 2 <>
    `;
  });

  conform('none without SACK-permitted [RFC 2018 §4-a]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', 'mss 1000');
    await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <>
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <>
    `;
  });

  conform('text that leaves in the meantime carries them too [RFC 2018 §4-b]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:201>
      send 988
      +0 > P. seq 1 ack 1 len 988 <sack 101:201>
    `;
  });
});

describe('duplicates', () => {
  conform('text below RCV.NXT is reported once, as the first block [RFC 2883 §4-a]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 1 ack 1 len 100
      +.04 > . seq 1 ack 101 <>
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 101 <sack 1:101>
      +0 < . seq 201 ack 1 len 100
      +0 > . seq 1 ack 101 <sack 201:301>
    `;
  });

  conform('its front is old, its end new: only the front is reported [RFC 2883 §4-a]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 1 ack 1 len 100
      +.04 > . seq 1 ack 101 <>
      +0 < . seq 51 ack 1 len 100
      +0 > . seq 1 ack 151 <sack 51:101>
    `;
  });

  conform('a duplicate of what is held: the block that holds it comes second [RFC 2883 §4-b]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 101 ack 1 len 300
      +0 > . seq 1 ack 1 <sack 101:401>
      +0 < . seq 501 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 501:601 101:401>
      +0 < . seq 201 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 201:301 101:401 501:601>
      +0 < . seq 301 ack 1 len 250
      +0 > . seq 1 ack 1 <sack 301:401 101:601>
    `;
  });

  conform('one burst of duplicates is one range, and one acknowledgment [RFC 2883 §4-a] [MUST-58]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', SACK);
    await s.run`
      +0 < . seq 1 ack 1 len 300
      +.04 > . seq 1 ack 301 <>
      +0 <+ . seq 1 ack 1 len 100
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 301 <sack 1:201>
      +0 > nothing
    `;
  });

  conform('three blocks with it beside Timestamps, and text does not repeat it [RFC 2883 §4-a]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', TS);
    for (const seq of [101, 301, 501]) await s.run(`+0 < . seq ${seq} ack 1 len 100 <ts 2 0>\n+0 > . ack 1`);
    await s.run`
      +0 < . seq 101 ack 1 len 100 <ts 3 0>
      +0 > . seq 1 ack 1 <ts * 1, sack 101:201 101:201 501:601>
      send 100
      +0 > P. seq 1 ack 1 len 100 <ts * 1, sack 101:201 501:601 301:401>
    `;
  });

  conform(
    'a duplicate that PAWS refuses is reported all the same: the one sent first came last [RFC 2883 §4-a]',
    async (s) => {
      await bring(s, 'ESTABLISHED', 'passive', TS);
      await s.run`
      +0 < . seq 1 ack 1 len 100 <ts 9 0>
      +.04 > . seq 1 ack 101 <ts * 9>
      +0 < . seq 1 ack 1 len 100 <ts 5 0>
      +0 > . seq 1 ack 101 <ts * 9, sack 1:101>
    `;
    },
  );
});
