// What test/interop/libraries needs: servers of Debian, and libraries in a tree of their own (47 MB that nobody else needs).
import { ensurePackages, path, run } from './prepare.mjs';

/** Whether they are there now. No install script of any library is run; none is needed. */
export function installLibraries() {
  ensurePackages('libraries');
  const how = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const folder = path('test/interop/libraries');
  return run('npm', ['ci', ...how], { cwd: folder, quiet: true, timeout: 300_000 }) === 0;
}
