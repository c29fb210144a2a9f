// The doctor's report, on a machine made up for the test: no tool is installed unless it says so.
import { afterEach, expect, test, vi } from 'vitest';
import { type DoctorOptions, runDoctor } from '../../../src/cli/doctor.ts';
import { Terminal } from '../../../src/cli/terminal.ts';

const machine = vi.hoisted(() => ({ commands: new Set<string>(), addon: true, forwards: false }));
vi.mock('node:child_process', () => ({
  spawnSync: (command: string) =>
    machine.commands.has(command) ? { status: 0, stdout: `${command} 1.0\nmore` } : { status: null, stdout: '' },
}));
vi.mock('../../../src/link/native.ts', () => ({
  native: () => {
    if (!machine.addon) throw new Error('usertcp: no native addon for platform x');
    return { checksumKernels: () => ['scalar', 'avx2'] };
  },
}));
vi.mock('../../../src/shell/coexist/kernel-facts.ts', () => ({
  kernelFacts: () => ({ forwards4: machine.forwards, forwards6: machine.forwards }),
}));

afterEach(() => {
  machine.commands.clear();
  machine.addon = true;
  machine.forwards = false;
});

function run(purpose: DoctorOptions['purpose'], json: boolean): { code: number; text: string } {
  let text = '';
  const out = {
    isTTY: false,
    write: (more: string) => Boolean((text += more)),
  } as Partial<NodeJS.WriteStream> as NodeJS.WriteStream;
  return { code: runDoctor({ purpose, json, terminal: new Terminal(out, {}) }), text };
}

interface Report {
  purpose: string;
  ok: boolean;
  findings: { name: string; ok: boolean; detail: string; fix?: string; needed: string[] }[];
  note: string;
}
const report = (purpose: DoctorOptions['purpose']): Report & { code: number } => {
  const { code, text } = run(purpose, true);
  return { ...(JSON.parse(text) as Report), code };
};

test('--json is one document with every finding; the exit code says whether the purpose can be served', () => {
  const { code, ok, purpose, findings, note } = report('interop');
  expect([code, ok, purpose]).toEqual([1, false, 'interop']);
  expect(findings.map(({ name }) => name)).toEqual([
    'Node',
    'native addon',
    'CAP_NET_RAW',
    'CAP_NET_ADMIN',
    'user and network namespaces',
    'ip',
    'unshare',
    'setpriv',
    'nft',
    'curl',
    'tc',
    'ethtool',
    'forwarding',
    'interfaces',
  ]);
  for (const finding of findings) if (!finding.ok) expect(finding.fix, finding.name).toBeTruthy();
  expect(note).toContain('veth or TAP');
});

test('the demo needs Node alone; interop the tools; what is not needed may be missing', () => {
  machine.addon = false;
  expect(report('demo')).toMatchObject({ code: 0, ok: true });
  machine.addon = true;
  for (const command of ['ip', 'unshare', 'nft', 'curl']) machine.commands.add(command);
  const interop = report('interop');
  expect(interop.code).toBe(0);
  expect(interop.findings.find(({ name }) => name === 'ethtool')).toMatchObject({
    ok: false,
    detail: 'not installed',
    fix: 'sudo apt-get install -y ethtool',
  });
  expect(interop.findings.find(({ name }) => name === 'curl')).toMatchObject({ ok: true, detail: 'curl 1.0' });
});

test('what is not held is had by usertcp open, by a capability of Node, or in a namespace', () => {
  const raw = report('device').findings.find(({ name }) => name === 'CAP_NET_RAW')!;
  if (raw.ok) return;
  expect(raw.fix).toMatch(
    /^sudo npx usertcp open \S+ -- node app\.js.*\n.*sudo setcap cap_net_raw,cap_net_admin\+ep.*\n.*docker run --cap-add=NET_RAW --cap-add=NET_ADMIN\n.*unshare -Urn$/,
  );
});

test('for people: pass, FAIL or miss, and the fix below', () => {
  machine.addon = false;
  machine.forwards = true;
  const { code, text } = run('interop', false);
  expect(code).toBe(1);
  expect(text).toContain(`pass  Node: ${process.version}\n`);
  expect(text).toContain(
    'FAIL  native addon: usertcp: no native addon for platform x\n      sudo apt-get install -y g++ make python3 && npm run build\n',
  );
  expect(text).toContain('miss  tc: not installed\n      sudo apt-get install -y iproute2\n');
  expect(text).toContain('miss  forwarding: on for IPv4 and IPv6: mode "own" needs nft, or use mode "own-mac"\n');
});
