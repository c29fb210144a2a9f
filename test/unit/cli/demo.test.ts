// What the demo falls back to where it cannot run on a wire; the wire itself is test/interop/demo.test.ts.
import { afterEach, expect, test, vi } from 'vitest';
import type { Terminal } from '../../../src/cli/terminal.ts';

const native = vi.fn(() => ({}));
const simulatedDemo = vi.fn(async () => 0);
vi.mock('../../../src/link/native.ts', () => ({ native }));
vi.mock('../../../src/cli/demo/simulated.ts', () => ({ simulatedDemo }));

const { runDemo } = await import('../../../src/cli/demo/demo.ts');
const { Namespaces } = await import('../../../src/cli/demo/namespaces.ts');
const create = vi.spyOn(Namespaces, 'create').mockReturnValue({ reason: 'ip netns add: Operation not permitted' });
const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
  delete process.env.USERTCP_DEMO_INNER;
  vi.clearAllMocks();
});

async function said(): Promise<string> {
  const lines: string[] = [];
  const terminal = { line: (text = '') => lines.push(text) } as unknown as Terminal;
  expect(await runDemo(terminal)).toBe(0);
  expect(simulatedDemo).toHaveBeenCalledTimes(1);
  return lines.join('\n');
}

test('without the addon the wire is simulated, and the reason is told before any namespace is made', async () => {
  native.mockImplementationOnce(() => {
    throw new Error('usertcp: no native addon for this CPU');
  });
  expect(await said()).toBe('The wire is simulated: usertcp: no native addon for this CPU');
  expect(create).not.toHaveBeenCalled();
});

test('without the programs of the other end it is, too', async () => {
  process.env.PATH = '';
  expect(await said()).toMatch(/^The wire is simulated: not installed: curl, bash, sha256sum/);
  expect(create).not.toHaveBeenCalled();
});

test('without the right to make namespaces it is, too', async () => {
  process.env.USERTCP_DEMO_INNER = '1';
  expect(await said()).toMatch(/^No right to make network namespaces here \(ip netns add: Operation not permitted\)/);
});
