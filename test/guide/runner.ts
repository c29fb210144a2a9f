// Runs the blocks of a page as programs, in a folder from which `usertcp` is this package.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, root } from './page.ts';

export interface Launch {
  /** Command line; a wire puts the way into its namespace before it. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What `npx`, `usertcp` and `sudo` are in a block: this build, and a user without rights who calls it. */
const SHIMS: Record<string, string> = {
  usertcp: 'exec node "$USERTCP_ROOT/dist/cli/main.js" "$@"',
  npx: 'shift; exec node "$USERTCP_ROOT/dist/cli/main.js" "$@"',
  sudo: 'SUDO_UID=65534 SUDO_GID=65534 exec "$@"',
};

/** Writes the files of a page and returns their folder. */
export function prepareFolder(page: string, blocks: readonly Block[]): string {
  const folder = join(root, '.cache/guide', `${page.replace(/\.md$/, '')}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const [name, line] of Object.entries(SHIMS)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  for (const { file, before, code, after } of blocks) {
    if (file !== undefined) writeFileSync(join(folder, file), before + code + after);
  }
  return folder;
}

export function launch(block: Block, folder: string): Launch {
  const { language, line, before, code, after } = block;
  const file = join(folder, `line-${line}.${language === 'sh' ? 'sh' : 'mjs'}`);
  writeFileSync(file, before + code + after);
  return {
    argv: language === 'sh' ? ['sh', '-e', file] : [process.execPath, file],
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, USERTCP_ROOT: root, NO_COLOR: '1' },
  };
}
