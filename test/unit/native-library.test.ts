// The addon stands on the C library alone (ADR 36). What it takes of C++'s is compiled into it, and this is all of it; test/native/prebuilt.test.ts
// reads what the files need, and has a program of musl load them.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../native', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => ({ name, code: readFileSync(join(root, name), 'utf8').replace(/\/\/.*/g, '') }));
const matches = (pattern: RegExp): string[] =>
  files.flatMap(({ name, code }) => [...code.matchAll(pattern)].map(([text]) => `${name}: ${text}`));

/** Headers without run-time parts: types and templates of views, numbers and places. */
const PLAIN = [
  ...['algorithm', 'array', 'atomic', 'bit', 'chrono', 'memory', 'new', 'optional', 'span', 'string_view', 'utility'],
  ...['cerrno', 'cstddef', 'cstdint', 'cstdlib', 'cstring'],
];
/** On the way to opening a link, to a filter and to an error message: never between a frame and its descriptor. */
const GROWING: Record<string, readonly string[]> = {
  vector: [
    ...['bpf_program.h', 'capture_device.h', 'device.h', 'multicast.h', 'packet_filter.h', 'steering.h'],
    ...['arguments.h', 'block_pool.cc', 'link_group.cc'],
  ],
  string: ['capture_device.h', 'checksum.h', 'device.h', 'interface.h'],
};
/** What runs for every frame. */
const HOT =
  /^core\/(bytes|checksum_\w+|engine|flow_table|gro|halfsiphash|headers|ipv6_chain|receiver|rx_rings?|segment|tcp_options|transmitter|tx_batch|vlan)\.(cc|h)$/;

test('no header of the standard library beyond those without run-time parts; containers that grow only where they are', () => {
  const taken = files.flatMap(({ name, code }) =>
    [...code.matchAll(/#include <([a-z_0-9]+)>/g)].map(([, header]) => ({ name: basename(name), header: header! })),
  );
  expect(taken.length).toBeGreaterThan(80);
  const more = taken.filter(({ name, header }) => !PLAIN.includes(header) && !GROWING[header]?.includes(name));
  expect(more).toEqual([]);
});

test('no container with nodes or buckets, nothing of libstdc++ that lives at run time', () => {
  const names =
    'deque|forward_list|list|(unordered_)?(multi)?(map|set)|queue|stack|priority_queue|function|any|variant|regex|locale|shared_ptr|weak_ptr|' +
    'thread|jthread|mutex|condition_variable|future|promise|(i|o)?(f|string)?stream|cout|cerr|format|to_string|random_device';
  expect(matches(new RegExp(`\\bstd::(${names})\\b`, 'g'))).toEqual([]);
});

test('no exceptions, no run-time types, no thread-locals', () => {
  expect(matches(/\b(throw|catch|try|dynamic_cast|typeid|thread_local)\b/g)).toEqual([]);
});

test('between a frame and its descriptor nothing grows', () => {
  const hot = files.filter(({ name }) => HOT.test(name));
  expect(hot.length).toBeGreaterThan(20);
  const growing = hot.filter(({ code }) => /\bstd::(vector|string)\b|\bpush_back\b|\bmake_unique\b/.test(code));
  expect(growing.map(({ name }) => name)).toEqual([]);
});

test('the reviewed list of the tarball has every source of the addon', () => {
  const list = readFileSync(join(root, '../.ci/pack-files.txt'), 'utf8').split('\n');
  expect(files.map(({ name }) => `native/${name}`).filter((name) => !list.includes(name))).toEqual([]);
});
