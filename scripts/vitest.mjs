// Runs vitest with its usual output and counts from its JSON report.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { path, root, run } from './prepare.mjs';

/** `files`: parts of paths; all when empty. */
export function vitest(projects = [], env = {}, timeout = undefined, files = []) {
  return runVitest([process.execPath], root, [...projects.map((p) => `--project=${p}`), ...files], { env, timeout });
}

/** `launcher`: the command line of a Node; `at`: the folder whose tests it runs. */
export function runVitest([command, ...before], at, args, how) {
  const report = path('.cache/vitest.json');
  const notes = path('.cache/vitest-notes.json');
  for (const file of [report, notes]) rmSync(file, { force: true });
  const own = path('scripts/vitest-notes.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--reporter=${own}`, `--outputFile.json=${report}`];
  const program = join(at, 'node_modules/vitest/vitest.mjs');
  const env = { ...how.env, USERTCP_TEST_NOTES: notes };
  const code = run(command, [...before, program, 'run', ...reporters, ...args], { ...how, env, cwd: at });
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
    notes: existsSync(notes) ? JSON.parse(readFileSync(notes, 'utf8')) : [],
  };
}
