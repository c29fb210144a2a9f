// The command line inside this process: the exit code and what goes to which stream. Doctor's own findings are mocked.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';

const runDoctor = vi.fn((_options: { purpose: string; json: boolean }) => 0);
const runRole = vi.fn(async (_role: string, _options: unknown) => {});
const runOpen = vi.fn(async (_options: object) => 7);
const runRun = vi.fn(async (_command: readonly string[], _env: object) => 8);
vi.mock('../../../src/cli/doctor.ts', () => ({ runDoctor }));
vi.mock('../../../src/cli/open.ts', () => ({ runOpen }));
vi.mock('../../../src/cli/run.ts', () => ({ runRun }));
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

test.each([[], ['help'], ['--help'], ['-h'], ['doctor', '--help'], ['demo', '-h'], ['open', '--help'], ['run', '-h']])(
  'usage is an answer: %s %s',
  async (...args: string[]) => {
    const { code, out, err } = await run(...args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^usage: usertcp COMMAND.*doctor.*demo.*open.*ladder/s);
  },
);

const BEHIND = 'What belongs to the command stands behind --: usertcp';
test.each([
  [['frob'], 'unknown command "frob"; there are doctor, demo, open, run, verify, ladder, help.'],
  [['verfy'], 'unknown command "verfy"; there are doctor, demo, open, run, verify, ladder, help. Did you mean verify?'],
  [['--verbose'], 'there is no option --verbose; usertcp itself takes --version, --help'],
  [['doctor', '--for', 'fun'], 'doctor: --for takes demo, interop or device, not "fun"'],
  [['doctor', '--for'], 'doctor: --for takes a value: --for VALUE'],
  [['doctor', '--for', '--json'], 'doctor: --for takes a value: --for VALUE'],
  [['doctor', '--jsn'], 'doctor: there is no option --jsn; it takes --for VALUE, --json, --help. Did you mean --json?'],
  [['doctor', 'extra'], 'doctor takes options only, not "extra"'],
  [['doctor', '--json=yes'], 'doctor: --json takes no value, not "yes"'],
  [['demo', '--fast'], 'demo: there is no option --fast; it takes --help.'],
  [['demo', 'fast'], 'demo takes options only, not "fast"'],
  [['open'], 'open takes a device: usertcp open eth0 -- node app.js'],
  [['open', '--', 'true'], 'open takes a device: usertcp open eth0 -- node app.js'],
  [['open', 'eth0'], 'open takes a command behind --: usertcp open eth0 -- node app.js'],
  [['open', 'eth0', '--'], 'open takes a command behind --: usertcp open eth0 -- node app.js'],
  [['open', 'v0', 'node', 'x.js'], `open takes one device, not also "node". ${BEHIND} open v0 -- node x.js`],
  [['open', 'v0', 'v1', '--', 'true'], `open takes one device, not also "v1". ${BEHIND} open v0`],
  [
    ['open', 'v0', 'node', '--inspect', 'x.js'],
    `open: there is no option --inspect; it takes --user VALUE, --help. ${BEHIND} open eth0 -- node app.js`,
  ],
  [['open', 'v0', '--user', '--', 'true'], 'open: --user takes a value: --user VALUE'],
  [['run'], 'run takes a command: usertcp run -- node server.js'],
  [['run', '--'], 'run takes a command: usertcp run -- node server.js'],
  [
    ['run', '--foo', '--', 'node', 'x.js'],
    `run: there is no option --foo; it takes --help. ${BEHIND} run -- node server.js`,
  ],
  [['run', '-x', 'node'], `run: there is no option -x; it takes --help. ${BEHIND} run -- node server.js`],
  [['verify', '--only'], 'verify: --only takes a value: --only VALUE'],
  [['verify', '--only', 'MUST-999'], 'verify: --only: no check of MUST-999, such as MUST-2,SHLD-4'],
  [['verify', 'all'], 'verify takes options only, not "all"'],
  [['ladder'], 'ladder takes a file: usertcp ladder trace.pcapng'],
  [['ladder', 'a', 'b'], 'ladder takes one file at a time, not a and b'],
  [['ladder', 'a', '--con', '1'], /^ladder: there is no option --con; .* Did you mean --conn\?$/],
  [['ladder', 'a', '--conn'], 'ladder: --conn takes a value: --conn VALUE'],
])('arguments that are no good are exit code 2 and one sentence that says what would be: %j', async (args, message) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([2, '']);
  const [said, empty, ...more] = err.split('\n');
  expect([said!.slice(0, 9), empty]).toEqual(['usertcp: ', '']);
  if (typeof message === 'string') expect(said!.slice(9)).toBe(message);
  else expect(said!.slice(9)).toMatch(message);
  expect(more.join('\n')).toMatch(/^(usertcp --help says what there is\.\n|usage: usertcp ladder )/);
});

test.each(['--version', '-v'])('%s is that of the package', async (how) => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(await run(how)).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test("run: everything from -- or the first word on is the command's", async () => {
  for (const args of [
    ['node', '--foo', '--', 'x'],
    ['--', 'node', '--foo', '--', 'x'],
  ]) {
    expect((await run('run', ...args)).code).toBe(8);
    expect(runRun.mock.lastCall![0]).toEqual(['node', '--foo', '--', 'x']);
  }
  await run('run', '--', '--foo');
  expect(runRun.mock.lastCall![0]).toEqual(['--foo']);
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
    err: 'usertcp: open: as whom?\n\nusertcp --help says what there is.\n',
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
