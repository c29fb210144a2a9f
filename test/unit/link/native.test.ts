// Why there is no addon, in a sentence that says what to do. The loader keeps its answer, so each test loads it anew.
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => void vi.resetModules());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const [name, value] of Object.entries(really)) Object.defineProperty(process, name, { value });
  vi.doUnmock('node:fs');
  vi.doUnmock('node:module');
});

// What failed here is nobody's affair who comes after us in the same worker.
afterAll(() => void vi.resetModules());

const really = { platform: process.platform, arch: process.arch };
const fake = (name: keyof typeof really, value: string): void => void Object.defineProperty(process, name, { value });

const load = (): Promise<typeof import('../../../src/link/native.ts')> => import('../../../src/link/native.ts');

/** What native() throws. */
async function failure(): Promise<Error & { code?: string }> {
  const { native, NoNativeError } = await load();
  try {
    native();
  } catch (error) {
    expect(error).toBeInstanceOf(NoNativeError);
    return error as Error;
  }
  throw new Error('it was loaded');
}

const here = `platform ${process.platform}-${process.arch}`;

test('USERTCP_NATIVE=off', async () => {
  vi.stubEnv('USERTCP_NATIVE', 'off');
  const error = await failure();
  expect(error.code).toBe('ERR_USERTCP_NO_NATIVE');
  expect(error.message).toContain('the native addon is switched off by USERTCP_NATIVE=off (platform ');
  expect(error.message).toContain(`Node ${process.version}). Unset it.`);
});

test('a failure is kept: the file system is asked once', async () => {
  vi.stubEnv('USERTCP_NATIVE', 'off');
  const { native } = await load();
  let first: unknown;
  try {
    native();
  } catch (error) {
    first = error;
  }
  vi.stubEnv('USERTCP_NATIVE', '');
  expect(first).toBeInstanceOf(Error);
  expect(() => native()).toThrow(first as Error);
});

test('no file: both places, and the command that builds it', async () => {
  vi.doMock('node:fs', () => ({ existsSync: (file: string) => file.endsWith('.mjs') }));
  const { message } = await failure();
  expect(message).toContain(`no native addon for ${here}, g`);
  expect(message).toContain(`, Node ${process.version}. `);
  expect(message).toMatch(
    /Tried build\/Release\/usertcp\.node: not there; prebuilds\/linux-\w+\.node: not there\. Build it: node scripts\/build-native\.mjs --force$/,
  );
});

test('in an installed package there is nothing to build', async () => {
  vi.doMock('node:fs', () => ({ existsSync: () => false }));
  expect((await failure()).message).toMatch(/ Install it anew: npm install --force usertcp$/);
  vi.resetModules();
  fake('arch', 'riscv64');
  expect((await failure()).message).toMatch(
    /linux-riscv64,.* The package has one for x64 and arm64; build it for riscv64 in a clone \(npm run build\)$/,
  );
});

test('musl: there is no version of glibc to tell', async () => {
  vi.doMock('node:fs', () => ({ existsSync: () => false }));
  vi.spyOn(process.report, 'getReport').mockReturnValue({ header: {} });
  expect((await failure()).message).toContain(`no native addon for ${here}, musl, Node`);
});

test.each(['darwin', 'win32'])('%s: no file is tried', async (platform) => {
  fake('platform', platform);
  pretend(() => {
    throw new Error('never');
  });
  expect((await failure()).message).toMatch(
    new RegExp(
      `no native addon for platform ${platform}-\\w+, Node v[\\d.]+: AF_PACKET and TAP are Linux\\. Here the simulator works`,
    ),
  );
});

/** Every file exists and is this module. */
function pretend(addon: () => unknown): void {
  vi.doMock('node:fs', () => ({ existsSync: () => true }));
  vi.doMock('node:module', () => ({ createRequire: () => addon }));
}

async function abi(): Promise<{ words: Record<string, number>; counters: string[] }> {
  const declared = await import('../../../src/wire/abi.ts');
  const words = Object.fromEntries(
    Object.entries<unknown>(declared).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
  return { words, counters: [...declared.COUNTERS] };
}

test('an addon of the same ABI is taken, once', async () => {
  const theirs = await abi();
  const addon = { abi: () => theirs };
  const require = vi.fn(() => addon);
  pretend(require);
  const { native } = await load();
  expect([native(), native(), require.mock.calls.length]).toEqual([addon, addon, 1]);
});

test('one of another ABI is refused, and the first difference is named', async () => {
  const theirs = await abi();
  const { DESC_WORDS } = theirs.words;
  pretend(() => ({ abi: () => ({ ...theirs, words: { ...theirs.words, DESC_WORDS: 17 } }) }));
  expect((await failure()).message).toContain(
    `built for another ABI: DESC_WORDS is ${DESC_WORDS} in src/wire/abi.ts and 17 in the addon`,
  );
  vi.resetModules();
  pretend(() => ({ abi: () => ({ ...theirs, counters: theirs.counters.slice(1) }) }));
  expect((await failure()).message).toContain('built for another ABI: COUNTERS differ');
});

test('what dlopen says is passed on', async () => {
  pretend(() => {
    throw new Error('GLIBC_2.38 not found');
  });
  expect((await failure()).message).toMatch(
    /usertcp\.node: GLIBC_2\.38 not found; prebuilds\/\S+: GLIBC_2\.38 not found/,
  );
});
