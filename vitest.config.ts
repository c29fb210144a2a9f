import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { plantedFault } from './test/faults/plugin.ts';
import { mutantCores } from './test/model/mutants.ts';

// Everything but interop needs no privilege and no network. Interop runs last and one file at a time: it measures
// real time against the kernel, and skips itself with a reason where namespaces are refused. Because of that real time it
// has a second attempt, which scripts/vitest-notes.mjs names at the end of a run: it is a find to look at, not a pass like
// the others.
const group = (name: string, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});
// The scripts of conformance, read by test/oracle and run against other stacks. Their files are read, not run: `describe`
// and `test` come from a registry there.
const readScripts = {
  name: 'usertcp:scripts',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    /test\/conformance\/[^/]+\.test\.ts$/.test(id)
      ? code.replace(/from 'vitest'/g, "from '../oracle/registry.ts'")
      : null,
};
const slow = process.env.USERTCP_SLOW === '1';

export default defineConfig({
  // Examples import the package by its name.
  resolve: { alias: { 'usertcp/sim': fileURLToPath(new URL('./src/sim.ts', import.meta.url)) } },
  plugins: [...plantedFault(process.env.USERTCP_FAULT), mutantCores()],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    exclude: ['dist/**', 'build*/**', '**/node_modules/**'],
    testTimeout: slow ? 600_000 : 20_000,
    hookTimeout: 30_000,
    passWithNoTests: true,
    snapshotFormat: { printBasicPrototype: false },
    projects: [
      group('unit', { include: ['test/unit/**/*.test.ts', 'test/*.test.ts'] }),
      group('conformance'),
      group('sim'),
      group('property'),
      group('model'),
      group('differential'),
      group('packetdrill'),
      group('types', {
        include: [],
        typecheck: {
          enabled: true,
          only: true,
          include: ['test/types/**/*.test-d.ts'],
          tsconfig: 'scripts/tsconfig.test.json',
        },
      }),
      {
        plugins: [readScripts],
        ...group('oracle', { testTimeout: 60_000, maxConcurrency: 16, retry: 3, sequence: { groupOrder: 1 } }),
      },
      group('interop', {
        include: ['test/interop/**/*.test.ts', 'test/native/**/*.test.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
        retry: 1,
        maxWorkers: 1,
        fileParallelism: false,
        sequence: { groupOrder: 2 },
      }),
    ],
  },
});
