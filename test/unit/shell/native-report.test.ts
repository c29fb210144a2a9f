import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// native() is asked once for each thread: what another file of this worker loaded is not to be found here, nor this failure there.
beforeEach(() => void vi.resetModules());
afterEach(() => {
  vi.resetModules();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

// Node 20.13 and 22.0 brought the property; on anything else there is nothing to see.
const reporter = process.report as typeof process.report & { excludeNetwork?: boolean };

test.runIf(process.platform === 'linux' && reporter.excludeNetwork !== undefined)(
  'looking for the C library asks for no report of sockets, and leaves the setting as it was',
  async () => {
    const { native } = await import('../../../src/link/native.ts');
    vi.stubEnv('USERTCP_NATIVE', 'off');
    const seen: unknown[] = [];
    const get = reporter.getReport.bind(reporter);
    vi.spyOn(reporter, 'getReport').mockImplementation(() => {
      seen.push(reporter.excludeNetwork);
      return get();
    });
    expect(() => native()).toThrow(/switched off/);
    expect([seen, reporter.excludeNetwork]).toEqual([[true], false]);
  },
);
