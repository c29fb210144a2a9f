/** The Linux kernel as the oracle: every script that it can run must hold there, save those of differences.ts. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Agent, type AgentConfig, noAgents } from '../conformance/script/agent.ts';
import { perform } from '../conformance/script/conform.ts';
import { KernelBackend, localPort } from '../conformance/script/kernel-backend.ts';
import { agentConfig } from '../conformance/script/kernel-settings.ts';
import { type Collected, collect } from './collect.ts';
import { differences, linkMss } from './differences.ts';

/** Microseconds; timers are the same for both families, so longer scripts run for one only. */
const LONG = 3_000_000;

const reason = noAgents();
const scripts = reason === undefined ? await collect() : [];
const listed = new Set(differences.flatMap((d) => d.scripts));
const able = scripts.filter(({ coreOnly }) => coreOnly === undefined);
const same = able.filter(({ name }) => !listed.has(name));

/** Namespaces by their settings. */
const agents = new Map<string, Promise<Agent>>();
function agentFor(config: AgentConfig): Promise<Agent> {
  const key = JSON.stringify(config);
  const agent = agents.get(key) ?? Agent.start(config, localPort);
  agents.set(key, agent);
  return agent;
}

async function run(family: 4 | 6, script: Collected): Promise<void> {
  const agent = await agentFor(agentConfig(script.options));
  const how = { lastPass: script.lastPass, linkMss: linkMss.includes(script.name) };
  await perform(family, script.body, script.settings, (options) => new KernelBackend(agent, options, how));
}

describe.skipIf(reason !== undefined)('on the kernel', () => {
  afterAll(async () => {
    for (const agent of agents.values()) await (await agent).close();
    const why = new Map<string, number>();
    for (const { coreOnly = '' } of scripts.filter((s) => s.coreOnly !== undefined))
      why.set(coreOnly.replace(/\d+/, 'more'), (why.get(coreOnly.replace(/\d+/, 'more')) ?? 0) + 1);
    const rest = [...why].sort((a, b) => b[1] - a[1]).map(([text, n]) => `${n} ${text}`);
    console.log(
      `${scripts.length} scripts: ${same.length} hold on the kernel too, ${able.length - same.length} differ (differences.ts), ${scripts.length - able.length} are for virtual time or our core:\n  ${rest.join('\n  ')}`,
    );
  });

  for (const script of same) {
    for (const family of script.duration > LONG ? [4 as const] : script.families)
      test.concurrent(`${script.name} (IPv${family})`, () => run(family, script));
  }

  // Slow, for most of them fail by waiting: what holds after all comes off the list.
  const differing = process.env.USERTCP_SLOW === '1' ? able.filter(({ name }) => listed.has(name)) : [];
  for (const script of differing) {
    test.concurrent(`still differs: ${script.name}`, { retry: 3 }, () => expect(run(4, script)).rejects.toThrow());
  }

  test('titles tell scripts apart, and the differences name scripts that are there', () => {
    const names = scripts.map(({ name }) => name);
    expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([]);
    expect([...listed, ...linkMss].filter((name) => !able.some((script) => script.name === name))).toEqual([]);
  });

  test('docs/scripts.md promises no more than there is', () => {
    const page = readFileSync(new URL('../../docs/scripts.md', import.meta.url), 'utf8');
    const promised = (row: string): number => Number(new RegExp(`\\| ${row} +\\| +(\\d+) \\|`).exec(page)?.[1]);
    expect(promised('scripts')).toBeGreaterThanOrEqual(250);
    expect(scripts.length).toBeGreaterThanOrEqual(promised('scripts'));
    expect(promised('hold on the kernel')).toBeGreaterThanOrEqual(200);
    expect(same.length).toBeGreaterThanOrEqual(promised('hold on the kernel'));
    expect(listed.size).toBeLessThanOrEqual(promised('differ from it'));
  });
});
