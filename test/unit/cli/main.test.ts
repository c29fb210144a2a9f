// The command line inside this process: the exit code and what goes to which stream. Doctor's own findings are mocked.
import { afterEach, expect, test, vi } from 'vitest';

const runDoctor = vi.fn((_options: { purpose: string; json: boolean }) => 0);
const runRole = vi.fn(async (_role: string, _options: unknown) => {});
const runOpen = vi.fn(async (_options: object) => 7);
vi.mock('../../../src/cli/doctor.ts', () => ({ runDoctor }));
vi.mock('../../../src/cli/open.ts', () => ({ runOpen }));
vi.mock('../../../src/cli/demo/demo.ts', () => ({ runDemo: async () => 5 }));
vi.mock('../../../src/cli/demo/roles.ts', () => ({ runRole }));

const { argv, exitCode } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = exitCode;
  process.stdout.removeAllListeners('error');
  vi.restoreAllMocks();
});

async function run(...args: string[]): Promise<{ code: typeof process.exitCode; out: string; err: string }> {
  let [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
  process.argv = ['node', 'usertcp', ...args];
  process.exitCode = undefined;
  vi.resetModules();
  await import('../../../src/cli/main.ts');
  const code = process.exitCode;
  process.exitCode = exitCode;
  vi.restoreAllMocks();
  return { code, out, err };
}

test.each([[], ['help'], ['--help'], ['-h'], ['doctor', '--help'], ['demo', '-h'], ['open', '--help']])(
  'usage is an answer: %s %s',
  async (...args: string[]) => {
    const { code, out, err } = await run(...args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^usage: usertcp COMMAND.*doctor.*demo.*open.*ladder/s);
  },
);

test.each([
  [['frob'], /^usertcp: unknown command "frob"\n\nusage:/],
  [['doctor', '--for', 'fun'], /^usertcp: --for takes demo, interop or device, not "fun"\n\nusage:/],
  [['doctor', '--nope'], /^usertcp: Unknown option '--nope'.*usage:/s],
  [['doctor', 'extra'], /^usertcp: Unexpected argument 'extra'.*usage:/s],
  [['doctor', '--json=yes'], /^usertcp: .*--json.*usage:/s],
  [['demo', '--fast'], /^usertcp: Unknown option '--fast'.*usage:/s],
  [['open'], /^usertcp: open takes one device: open eth0 -- node app.js\n\nusage:/],
  [['open', '--', 'true'], /^usertcp: open takes one device/],
  [['open', 'eth0', 'true'], /^usertcp: open takes one device/],
  [['open', 'eth0', '--'], /^usertcp: open takes a command behind --: open eth0 -- node app.js\n\nusage:/],
  [['ladder'], /^which file\?/],
])('arguments that are no good are exit code 2 and usage on stderr: %j', async (args, message) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});

test('doctor: for the demo unless something else is asked for; its code is the exit code', async () => {
  runDoctor.mockReturnValueOnce(1);
  expect((await run('doctor')).code).toBe(1);
  expect(runDoctor).toHaveBeenLastCalledWith(expect.objectContaining({ purpose: 'demo', json: false }));
  expect((await run('doctor', '--for', 'device', '--json')).code).toBe(0);
  expect(runDoctor).toHaveBeenLastCalledWith(expect.objectContaining({ purpose: 'device', json: true }));
});

test('demo runs itself, or a role of it with its options', async () => {
  expect((await run('demo')).code).toBe(5);
  expect((await run('demo', '--role', 'server', '--with', '{"port":1}')).code).toBe(0);
  expect(runRole.mock.lastCall).toEqual(['server', { port: 1 }]);
});

test("open: everything behind -- is the command's", async () => {
  expect((await run('open', 'eth0', '--user', 'www', '--', 'node', '--help', '--', 'x')).code).toBe(7);
  expect(runOpen.mock.lastCall![0]).toEqual({ device: 'eth0', user: 'www', command: ['node', '--help', '--', 'x'] });
  runOpen.mockRejectedValueOnce(new RangeError('as whom?'));
  expect(await run('open', 'eth0', '--', 'true')).toMatchObject({
    code: 2,
    err: /^usertcp: open: as whom\?\n\nusage:/,
  });
});

test('what fails is exit code 1 and one line, without usage', async () => {
  runOpen.mockRejectedValueOnce(new Error("opening 'packet sockets' needs CAP_NET_RAW"));
  expect(await run('open', 'eth0', '--', 'true')).toEqual({
    code: 1,
    out: '',
    err: "usertcp: opening 'packet sockets' needs CAP_NET_RAW\n",
  });
  const missing = await run('ladder', '/no/such/file');
  expect([missing.code, missing.out]).toEqual([1, '']);
  expect(missing.err).toMatch(/^\/no\/such\/file: ENOENT/);
});
