import { afterEach, expect, test, vi } from 'vitest';
import { native } from '../../../src/link/native.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

// Node 20.13 and 22.0 brought the property; on anything else there is nothing to see.
const reporter = process.report as typeof process.report & { excludeNetwork?: boolean };

test.runIf(process.platform === 'linux' && reporter.excludeNetwork !== undefined)(
  'looking for the C library asks for no report of sockets, and leaves the setting as it was',
  () => {
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
