// mqtt against mosquitto.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { bytes, MIB, options, play, sha, times, until } from './play.mjs';

const ca = readFileSync(`${options.folder}/ca.pem`);
const URLS = {
  mqtt: `mqtt://${options.host}:1883`,
  mqtts: `mqtts://${options.host}:8883`,
  ws: `ws://${options.host}:9001`,
};
const equal = (got, want) => {
  if (got !== want) throw new Error(`${got} is not ${want}`);
};

const make = (scheme) => {
  const settings = { ca, servername: 'one.test', connectTimeout: 5_000, reconnectPeriod: 100, protocolVersion: 5 };
  const begin = async (more = {}) => {
    const client = mqtt.connect(URLS[scheme], { ...settings, ...more });
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  };
  const within = async (act) => {
    const client = await begin();
    try {
      await act(client);
    } finally {
      await client.endAsync(true);
    }
  };
  const all = {
    'a large message there and back': async (c) => {
      await c.subscribeAsync(`${scheme}/body`);
      const got = once(c, 'message');
      // By websocket, mosquitto did not bring 8 MiB through in the time of a test.
      const body = bytes(1, scheme === 'ws' ? 100_000 : 8 * MIB);
      await c.publishAsync(`${scheme}/body`, body, { qos: 1 });
      equal(sha((await got)[1]), sha(body));
    },
    'QoS 0, 1 and 2': async (c) => {
      await c.subscribeAsync(`${scheme}/qos`, { qos: 2 });
      const got = [];
      c.on('message', (_topic, payload, { qos }) => got.push(`${payload} ${qos}`));
      for (const qos of [0, 1, 2]) await c.publishAsync(`${scheme}/qos`, `at ${qos}`, { qos });
      await until(() => got.length === 3);
      equal(got.join(), 'at 0 0,at 1 1,at 2 2');
    },
    '2,000 messages to a subscriber': async (c) => {
      const other = await begin();
      await other.subscribeAsync(`${scheme}/many`);
      const got = [];
      other.on('message', (_topic, payload) => got.push(String(payload)));
      for (let i = 0; i < 2_000; i++) c.publish(`${scheme}/many`, `message ${i}`);
      await until(() => got.length === 2_000);
      equal(
        got.every((text, i) => text === `message ${i}`),
        true,
      );
      await other.endAsync();
    },
    'a retained message': async (c) => {
      await c.publishAsync(`${scheme}/kept`, 'still here', { retain: true, qos: 1 });
      await within(async (other) => {
        const got = once(other, 'message');
        await other.subscribeAsync(`${scheme}/kept`);
        equal(String((await got)[1]), 'still here');
      });
    },
    'the will of a client that breaks off': async (c) => {
      await c.subscribeAsync(`${scheme}/will`);
      const got = once(c, 'message');
      const other = await begin({
        will: { topic: `${scheme}/will`, payload: Buffer.from('gone') },
        reconnectPeriod: 0,
      });
      other.stream.destroy();
      equal(String((await got)[1]), 'gone');
    },
    '100 connections at once': () => times(100, () => within((c) => c.publishAsync(`${scheme}/x`, 'y', { qos: 1 }))),
  };
  return Object.fromEntries(Object.entries(all).map(([name, act]) => [`${scheme}: ${name}`, () => within(act)]));
};

await play({ ...make('mqtt'), ...make('mqtts'), ...make('ws') });
