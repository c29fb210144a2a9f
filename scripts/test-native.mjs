// The C++ tests: gtest through CMake, plain and with AddressSanitizer and UndefinedBehaviorSanitizer.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { path, run, say, which } from './prepare.mjs';

const sanitize = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer';
const variants = [
  { name: 'native', dir: 'build-native', options: ['-DCMAKE_BUILD_TYPE=RelWithDebInfo'] },
  {
    name: 'native-asan',
    dir: 'build-native-asan',
    options: [
      '-DCMAKE_BUILD_TYPE=Debug',
      '-DUSERTCP_SANITIZE=ON',
      `-DCMAKE_CXX_FLAGS=${sanitize}`,
      `-DCMAKE_EXE_LINKER_FLAGS=${sanitize}`,
    ],
  },
];

/** Sums the <testsuites> attributes of every gtest report. */
function count(dir) {
  const sum = { passed: 0, failed: 0, skipped: 0, notes: [] };
  for (const file of readdirSync(dir).filter((f) => f.endsWith('.xml'))) {
    const report = readFileSync(`${dir}/${file}`, 'utf8');
    const head = /<testsuites [^>]*>/.exec(report)?.[0] ?? '';
    const of = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
    const failed = of('failures') + of('errors');
    const skipped = of('disabled') + (report.match(/<skipped /g)?.length ?? 0);
    for (const [, test, group] of report.matchAll(
      /<testcase name="([^"]*)"[^>]*classname="([^"]*)"[^>]*>\s*<failure/g,
    )) {
      sum.notes.push(`failed: ${dir} > ${group}.${test}`);
    }
    sum.failed += failed;
    sum.skipped += skipped;
    sum.passed += of('tests') - failed - skipped;
  }
  return sum;
}

function variant({ dir, options }) {
  const reports = path(dir, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const configure = ['-S', '.', '-B', dir, '-DUSERTCP_TESTS=ON', ...options];
  if (run('cmake', configure, { quiet: true }) !== 0) return { failed: 1 };
  if (run('cmake', ['--build', dir, '-j', '2'], { quiet: true }) !== 0) return { failed: 1 };
  const env = { GTEST_OUTPUT: `xml:${reports}/`, ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1' };
  const code = run('ctest', ['--test-dir', dir, '--output-on-failure', '--timeout', '300'], { quiet: true, env });
  const sum = count(reports);
  if (code !== 0 && sum.failed === 0) sum.failed = 1;
  if (sum.passed + sum.failed === 0) return { why: 'ctest found no gtest report' };
  return sum;
}

/** [name, result] for each variant. */
export function nativeTests(only = variants.map((v) => v.name)) {
  const lacks = ['cmake', 'g++'].filter((c) => !which(c));
  if (!existsSync('/usr/include/gtest/gtest.h')) lacks.push('libgtest-dev');
  return variants
    .filter((v) => only.includes(v.name))
    .map((v) => {
      if (lacks.length > 0) return [v.name, { why: `not installed: ${lacks.join(', ')}` }];
      say(v.name);
      return [v.name, variant(v)];
    });
}
