// Node's own tests, from Debian's nodejs source packages. Node does not put its tests into what it ships, Debian's sources have them. The
// releases of Debian have several versions of Node; the one closest to the Node that is judged is taken. Nothing of it is committed.
//
// apt does the fetching, with a configuration of its own in the cache: the machine's is left alone, its mirror and its proxy are used,
// and what arrives is checked against Debian's signatures. It needs no rights.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { path, say } from '../prepare.mjs';

const cache = path('.cache/node-tests');
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PUBLIC = 'http://deb.debian.org/debian';
const SUITES = ['bookworm', 'trixie', 'forky', 'sid'];
const WANTED = ['common', 'fixtures', 'parallel', 'sequential'];

const numbers = (version) => version.split(/[.+~-]/, 3).map(Number);

function apt(command, args) {
  const at = join(cache, 'apt');
  const options = {
    'Dir::Etc::sourcelist': join(at, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(at, 'lists'),
    'Dir::Cache': join(at, 'cache'),
    'Debug::NoLocking': '1',
  };
  const set = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const r = spawnSync(command, [...set, ...args], { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 240_000 });
  return { ok: r.status === 0, text: r.stdout ?? '', why: r.stderr ?? String(r.error) };
}

/** The mirror of Debian that this machine is set up for. */
function mirror() {
  const r = spawnSync('apt-get', ['indextargets', '--format', '$(ORIGIN) $(REPO_URI)'], { encoding: 'utf8' });
  const lines = (r.stdout ?? '').split('\n').filter((line) => /^Debian \S+\/debian\/?$/.test(line));
  return lines[0]?.split(' ')[1].replace(/\/$/, '') ?? PUBLIC;
}

/** The versions that Debian has sources of. */
function offered() {
  for (const dir of ['apt/lists/partial', 'apt/cache/archives/partial'])
    mkdirSync(join(cache, dir), { recursive: true });
  const from = mirror();
  const lines = SUITES.map((suite) => `deb-src [signed-by=${KEYS}] ${from} ${suite} main`);
  writeFileSync(join(cache, 'apt/sources.list'), `${lines.join('\n')}\n`);
  const update = apt('apt-get', ['update', '-q']);
  const versions = [...apt('apt-cache', ['showsrc', 'nodejs']).text.matchAll(/^Version: (.+)$/gm)].map((m) => m[1]);
  if (versions.length === 0) say(`no source package of nodejs: ${update.why.trim().split('\n').pop()}`);
  return [...new Set(versions)];
}

/** How far a tree is from a Node. An older tree is better than a newer one, which tests what that Node cannot do. */
function distance(tree, node) {
  const [t, n] = [numbers(tree), numbers(node)];
  const far = t.map((part, i) => part - n[i]);
  const weight = far[0] * 1e6 + far[1] * 1e3 + far[2];
  return weight > 0 ? weight * 10 : -weight;
}

function fetchTree(version, name) {
  const listed = apt('apt-get', ['--print-uris', '--download-only', 'source', `nodejs=${version}`]).text;
  const [, uri, file, sum] = listed.match(/^'(\S+)' (nodejs_\S+?\.orig\.tar\.xz) \d+ (\S+)$/m) ?? [];
  if (!uri) return false;
  const archive = join(cache, file);
  say(`fetching Node's tests ${name}`);
  const got = apt('/usr/lib/apt/apt-helper', ['download-file', uri, archive, sum]);
  if (!got.ok) {
    say(`${file}: ${got.why.trim().split('\n').pop()}`);
    return false;
  }
  const fresh = join(cache, `${name}.part`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const dirs = WANTED.map((dir) => `*/test/${dir}`);
  const tar = ['-xJf', archive, '-C', fresh, '--strip-components=1', '--wildcards', ...dirs];
  const r = spawnSync('tar', tar, { stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(archive, { force: true });
  if (r.status !== 0) return false;
  writeFileSync(join(fresh, 'package.json'), '{}\n'); // or ours would say that .js means ESM
  renameSync(fresh, join(cache, name));
  return true;
}

const plain = (version) => version.match(/^\d+\.\d+\.\d+/)[0];
const trees = () => (existsSync(cache) ? readdirSync(cache).filter((name) => /^\d+\.\d+\.\d+$/.test(name)) : []);

/**
 * The tree for a Node version: { version, dir }, or undefined. What is in the cache is taken when it is of the same major version, or
 * when `wanted` names it; otherwise Debian is asked.
 */
export function tree(node, wanted) {
  const near = (names) => names.sort((a, b) => distance(a, node) - distance(b, node));
  const here = wanted
    ? trees().filter((t) => t === wanted)
    : near(trees().filter((t) => numbers(t)[0] === numbers(node)[0]));
  if (here.length === 0) {
    mkdirSync(cache, { recursive: true });
    const choice = near(offered()).filter((v) => !wanted || plain(v) === wanted);
    for (const version of choice) {
      if (!existsSync(join(cache, plain(version))) && !fetchTree(version, plain(version))) continue;
      here.push(plain(version));
      break;
    }
  }
  return here[0] && { version: here[0], dir: join(cache, here[0], 'test') };
}
