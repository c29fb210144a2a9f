// Runs vitest with its usual output and counts from its JSON report.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { path, run } from './prepare.mjs';

/** `files`: parts of paths; all when empty. */
export function vitest(projects = [], env = {}, timeout = undefined, files = []) {
  const report = path('.cache/vitest.json');
  rmSync(report, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = run(
    process.execPath,
    [path('node_modules/vitest/vitest.mjs'), ...args, ...projects.map((p) => `--project=${p}`), ...files],
    { env, timeout },
  );
  if (!existsSync(report)) return { failed: 1 };
  const r = JSON.parse(readFileSync(report, 'utf8'));
  // A file that cannot even be loaded has no tests to count.
  const broken = r.testResults.filter(
    (f) => f.status === 'failed' && !f.assertionResults.some((t) => t.status === 'failed'),
  ).length;
  const failed = r.numFailedTests + broken;
  return {
    passed: r.numPassedTests,
    failed: code !== 0 ? Math.max(failed, 1) : failed,
    skipped: r.numPendingTests + r.numTodoTests,
  };
}
