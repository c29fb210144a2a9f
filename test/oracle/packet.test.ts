/** Our whole stack over AF_PACKET, in real time: the scripts that it can be asked through its public calls. */
import { afterAll, describe, expect, test } from 'vitest';
import { noAgents } from '../conformance/script/agent.ts';
import { perform } from '../conformance/script/conform.ts';
import { PacketBackend, PacketHost } from '../conformance/script/packet-backend.ts';
import { notBuilt } from '../interop/harness/host.ts';
import { collect } from './collect.ts';
import { differences } from './differences.ts';

/** Microseconds. */
const LONGEST = 6_000_000;
const CALLS = ['listen', 'send', 'close', 'abort', 'nodelay', 'keepalive', 'usertimeout', 'status'];
/** Half-open and ended connections have no handle that one could ask. */
const UNSEEN = ['SYN_RECEIVED', 'TIME_WAIT', 'SYN_SENT'];

/** Open question: here the FIN is sent again with the last of the text, on the simulated link it waits for its turn. */
const FIN_TOO = /only the rest is sent again \[T(188|197|199)\]/;

const reason = noAgents() ?? notBuilt();
const listed = new Set(differences.flatMap((d) => d.scripts));
const scripts = (reason === undefined ? await collect() : []).filter(
  (s) =>
    s.coreOnly === undefined &&
    !listed.has(s.name) &&
    !FIN_TOO.test(s.name) &&
    s.duration <= LONGEST &&
    s.options.mtu === undefined &&
    s.options.reading !== 'manual' &&
    s.calls.every((name) => CALLS.includes(name)) &&
    s.states.every((state) => !UNSEEN.includes(state)),
);

const hosts = new Map<string, Promise<PacketHost>>();

describe.skipIf(reason !== undefined)('our stack over AF_PACKET', () => {
  afterAll(async () => {
    for (const host of hosts.values()) await (await host).close();
    console.log(`${scripts.length} scripts on our stack over AF_PACKET`);
  });

  for (const script of scripts) {
    test.concurrent(script.name, async () => {
      const key = JSON.stringify([script.options.tcp, script.options.ip]);
      const host = hosts.get(key) ?? PacketHost.start(script.options);
      hosts.set(key, host);
      const made = await host;
      const how = { lastPass: script.lastPass };
      await perform(4, script.body, script.settings, (options) => new PacketBackend(made, options, how));
    });
  }

  test('a representative number of them', () => {
    expect(scripts.length).toBeGreaterThan(100);
  });
});
