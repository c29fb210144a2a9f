// Where requirements are mentioned: comments in the source, code (not comments) in tests, lists of faults, decisions.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { path, root } from '../prepare.mjs';
import { mentions } from './rows.mjs';

function files(dir, keep) {
  return readdirSync(path(dir), { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && keep.test(e.name))
    .map((e) => relative(root, join(e.parentPath, e.name)))
    .filter((file) => !file.includes('node_modules'))
    .sort();
}

/** Of the source only the comments: an error's text may name a rule, too. Keeps the lines, so that their numbers stay true. */
const comments = (text) => {
  let kept = '';
  let from = 0;
  for (const { index: at, 0: comment } of text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm)) {
    kept += text.slice(from, at).replace(/[^\n]/g, '') + comment;
    from = at + comment.length;
  }
  return kept;
};

/** Keeps the lines as well. */
const uncommented = (text) =>
  text.replace(/\/\*[\s\S]*?\*\//g, (all) => all.replace(/[^\n]/g, '')).replace(/(^|\s)\/\/.*$/gm, '$1');

/** key → places `{file, line}`, at most one a file. */
function index(list, prepare = (text) => text) {
  const found = new Map();
  for (const file of list) {
    const seen = new Set();
    prepare(readFileSync(path(file), 'utf8'))
      .split('\n')
      .forEach((text, n) => {
        for (const key of mentions(text)) {
          if (seen.has(key)) continue;
          seen.add(key);
          if (!found.has(key)) found.set(key, []);
          found.get(key).push({ file, line: n + 1 });
        }
      });
  }
  return found;
}

/** A decision says on a line of its own what it settles: `Decides: T293, UNTAGGED-15`, `Refuses: MAY-10`. */
function decisions() {
  const found = new Map();
  for (const file of files('docs/adr', /^\d{4}.*\.md$/)) {
    for (const [, verb, list] of readFileSync(path(file), 'utf8').matchAll(/^(Decides|Refuses): (.+)$/gm)) {
      for (const key of mentions(list)) found.set(key, { file, line: 1, verb });
    }
  }
  return found;
}

/** `usertcp verify` is made of checks, not of what they check; vitest runs them. */
const CHECKS = 'src/cli/verify/';

/** Names rules as arguments of `usertcp verify --only`, which it tests. */
const COMMAND_LINE = 'test/unit/cli/main.test.ts';

export function scan() {
  const source = [...files('src', /\.ts$/), ...files('native', /\.(cc|h)$/)];
  const code = source.filter((f) => !f.endsWith('tcp/tcb.ts') && !f.startsWith(CHECKS));
  const tests = files('test', /\.test\.ts$|_test\.cc$|-scenarios\.ts$/).filter(
    (f) => !f.startsWith('test/unit/faults/') && f !== COMMAND_LINE,
  );
  return {
    code: index(code, comments),
    tests: index([...tests, ...source.filter((f) => f.startsWith(CHECKS))], uncommented),
    faults: index(files('test/faults', /\.ts$/), uncommented),
    decisions: decisions(),
  };
}
