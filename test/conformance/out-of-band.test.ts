/** Urgent data out of band (RFC 6093 §2, as the BSD socket API has it): the octet before the urgent pointer is no text. */
import { expect } from 'vitest';
import type { CoreBackend } from './script/core-backend.ts';
import { bring, conform, type Script } from './script/index.ts';

const APART = { open: { outOfBand: true } };

function begin(s: Script): Promise<unknown> {
  return bring(s, 'ESTABLISHED');
}

conform(
  'the octet before the pointer comes apart from the text around it [RFC 6093 §2]',
  async (s) => {
    await begin(s);
    await s.run`
      +0 < U. seq 1 ack 1 urg 3 "ab!cd"
      event urgent ahead
      event data 2
      event urgent octet 33
      event data 2
      event urgent reached
      +.040 > . seq 1 ack 6
    `;
  },
  APART,
);

conform(
  'at either end of a segment, and alone in one [RFC 6093 §2]',
  async (s) => {
    await begin(s);
    await s.run`
      +0 < U. seq 1 ack 1 urg 1 "!ab"
      event urgent ahead
      event urgent octet 33
      event data 2
      event urgent reached
      +0 < U. seq 4 ack 1 urg 3 "ab?"
      event urgent ahead
      event data 2
      event urgent octet 63
      event urgent reached
      +0 < U. seq 7 ack 1 urg 1 "#"
      event urgent ahead
      event urgent octet 35
      event urgent reached
      no event data
      +.040 > . seq 1 ack 8
    `;
  },
  APART,
);

conform(
  'announced ahead, behind a hole, in text that was held [RFC 6093 §2]',
  async (s) => {
    await begin(s);
    await s.run`
      +0 < U. seq 1 ack 1 urg 6
      event urgent ahead
      +0 < . seq 4 ack 1 "de!gh"
      +0 > . seq 1 ack 1
      no events
      +0 < . seq 1 ack 1 "abc"
      event data 3
      event data 2
      event urgent octet 33
      event data 2
      event urgent reached
      +0 > . seq 1 ack 9
    `;
  },
  APART,
);

conform(
  'a pointer that moves on before the octet has come leaves that octet in the text [RFC 6093 §2]',
  async (s) => {
    await begin(s);
    await s.run`
      +0 < U. seq 1 ack 1 urg 3
      event urgent ahead
      +0 < U. seq 1 ack 1 urg 5 "ab1cd"
      event urgent moved
      event data 4
      event urgent octet 100
      event urgent reached
      +.040 > . seq 1 ack 6
    `;
  },
  APART,
);

conform('inline, which is the default, the octet is text [RFC 6093 §3]', async (s) => {
  await begin(s);
  await s.run`
    +0 < U. seq 1 ack 1 urg 3 "ab!cd"
    event data 5
    +.040 > . seq 1 ack 6
  `;
});

conform(
  'nobody has to read the octet, and what is left up to the mark does not count it [RFC 6093 §2] [MUST-33]',
  async (s) => {
    await begin(s);
    const info = () => (s.backend as CoreBackend).core.info(65);
    await s.run`
      +0 < U. seq 1 ack 1 urg 10 len 20
      event urgent ahead
      event data 9
      event data 10
      event urgent octet 63
      event urgent reached
      +.040 > . seq 1 ack 21
    `;
    expect(info()).toMatchObject({ rcvUser: 19, urgentLeft: 9 });
    await s.run('read 9');
    expect(info()).toMatchObject({ rcvUser: 10, urgentLeft: 0 });
    await s.run('read 10');
    expect(info()).toMatchObject({ rcvUser: 0, urgentLeft: 0 });
  },
  { ...APART, reading: 'manual' },
);
