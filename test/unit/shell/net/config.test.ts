// The drop-in's configuration: a file, variables over it, and all that is wrong in one error.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, stackOptions } from '../../../../src/shell/net/config.ts';
import { checkRules } from '../../../../src/shell/net/policy.ts';

const folder = (files: Record<string, string> = {}): string => {
  const dir = mkdtempSync(join(tmpdir(), 'usertcp-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
};
const problems = (env: NodeJS.ProcessEnv, dir = folder()): string[] => {
  try {
    readConfig(env, dir);
  } catch (error) {
    return (error as { problems: string[] }).problems;
  }
  return [];
};

describe('configuration of the drop-in', () => {
  test('nothing said: loopback only', () => {
    expect(readConfig({}, folder())).toEqual({});
  });

  test('variables', () => {
    const env = {
      USERTCP_DEVICE: 'eth1',
      USERTCP_ADDRESSES: '10.0.0.2/24, fd00::2/64',
      USERTCP_GATEWAY: '10.0.0.1',
      USERTCP_PORTS: '80,8000-8002',
    };
    const config = readConfig(env, folder());
    expect(config).toEqual({
      device: 'eth1',
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      gateway: ['10.0.0.1'],
      ports: ['80', '8000-8002'],
    });
    expect(stackOptions(config)).toMatchObject({ device: 'eth1', ports: [80, 8000, 8001, 8002] });
  });

  test('a file, and a variable over it', () => {
    const dir = folder({ 'usertcp.config.json': '{ "loopback": "own", "fallback": "error" }' });
    expect(readConfig({ USERTCP_FALLBACK: 'kernel' }, dir)).toEqual({ loopback: 'own', fallback: 'kernel' });
  });

  test('a module', () => {
    const dir = folder({ 'usertcp.config.mjs': "export default { prefixes: ['10.0.0.0/8'] };" });
    expect(readConfig({}, dir)).toEqual({ prefixes: ['10.0.0.0/8'] });
  });

  test('everything that is wrong is told at once, each with what is allowed', () => {
    const dir = folder({
      'usertcp.config.json': '{ "devise": "eth0", "fallback": "maybe", "prefixes": ["10.0.0.0/33"], "ports": ["0"] }',
    });
    const found = problems({ USERTCP_LOOPBAK: 'own', USERTCP_VLAN: 'x' }, dir);
    expect(found).toHaveLength(6);
    expect(found.join('\n')).toMatch(/USERTCP_LOOPBAK.*Did you mean USERTCP_LOOPBACK/);
    for (const name of ['devise', 'fallback', 'prefixes[0]', 'ports[0]', 'vlan'])
      expect(found.join('\n')).toContain(`option ${name}:`);
  });

  test('workers that join: what does not go with them is told', () => {
    const env = { USERTCP_DEVICE: 'eth1', USERTCP_ADDRESSES: '10.0.0.2/24', USERTCP_WORKERS: 'shard' };
    const config = readConfig(env, folder());
    expect(config.workers).toBe('shard');
    expect(stackOptions(config)).toEqual({ device: 'eth1', addresses: ['10.0.0.2/24'] });
    expect(problems({ USERTCP_WORKERS: 'shards' }, folder())).toEqual([expect.stringContaining('option workers:')]);
    expect(problems({ ...env, USERTCP_DHCP: '1' }, folder())).toEqual([expect.stringContaining('option dhcp:')]);
    expect(problems({ USERTCP_WORKERS: 'shard' }, folder())).toEqual([expect.stringContaining('option device:')]);
  });

  test('a file that is named and does not exist, or does not load', () => {
    expect(problems({ USERTCP_CONFIG: 'none.json' })).toEqual([expect.stringContaining('there is no file')]);
    expect(problems({}, folder({ 'usertcp.config.json': '{' }))).toEqual([
      expect.stringContaining('usertcp.config.json'),
    ]);
  });

  test('ports without a device are a rule of loopback, and no part of its stack', () => {
    expect(stackOptions(readConfig({ USERTCP_PORTS: '80' }, folder()))).toEqual({});
    expect(problems({ USERTCP_ADDRESSES: '10.0.0.2/24' })).toEqual([expect.stringContaining('without a device')]);
  });

  test('one wrong address is one fault, not a second for being the only one', () => {
    const found = problems({ USERTCP_DEVICE: 'eth1', USERTCP_ADDRESSES: '10.0.0.2', USERTCP_SPIN: '-1' });
    expect(found).toEqual([expect.stringContaining('addresses[0]: '), expect.stringContaining('option spin:')]);
  });

  test('files that hold no object, and types for a Node that reads none', () => {
    for (const text of ['[]', '5', 'null'])
      expect(problems({}, folder({ 'usertcp.config.json': text }))[0]).toMatch(
        /json: it must hold an object of options$/,
      );
    const typed = folder({ 'usertcp.config.ts': 'const own: string = "own"; export default { loopback: own };' });
    const { typescript } = process.features as { typescript?: string | false };
    if (typescript) expect(readConfig({}, typed)).toEqual({ loopback: 'own' });
    else
      expect(problems({}, typed)).toEqual([
        expect.stringMatching(/does not read TypeScript: write usertcp\.config\.js/),
      ]);
  });

  test('rules', () => {
    const rules = checkRules({ ports: [80, '90-91'], prefixes: ['10.0.0.0/8', 'fd00::/8'] });
    expect([...rules.ports!]).toEqual([80, 90, 91]);
    expect(rules.prefixes!.check('10.1.2.3', 'ipv4')).toBe(true);
    expect(rules.prefixes!.check('fd01::1', 'ipv6')).toBe(true);
    expect(rules.prefixes!.check('11.0.0.1', 'ipv4')).toBe(false);
  });
});
