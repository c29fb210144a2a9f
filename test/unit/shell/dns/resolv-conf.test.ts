import { expect, test } from 'vitest';
import { OptionError } from '../../../../src/shell/option-error.ts';
import { parseResolvConf, systemDns } from '../../../../src/shell/options/resolv-conf.ts';

const ETC = '/etc/resolv.conf';
const BEHIND = '/run/systemd/resolve/resolv.conf';
const files =
  (given: Record<string, string>) =>
  (path: string): string => {
    if (given[path] === undefined) throw new Error(`ENOENT: ${path}`);
    return given[path];
  };

test('servers, and the last search or domain; what is no address of ours to ask is left out', () => {
  expect(
    parseResolvConf('# c\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\ndomain a\nsearch b c \noptions x\n'),
  ).toEqual({ servers: ['10.0.0.1'], search: ['b', 'c'] });
});

test("a server on the host's own loopback is not asked while there is another", () => {
  const text = 'nameserver 127.0.0.1\nnameserver ::1\nnameserver 0.0.0.0\nnameserver 10.0.0.1\nsearch home\n';
  expect(systemDns('dns', files({ [ETC]: text }))).toEqual({ servers: ['10.0.0.1'], search: ['home'] });
});

test('systemd-resolved: the servers that its own stub asks, and the search list of the host', () => {
  const given = { [ETC]: 'nameserver 127.0.0.53\nsearch home\n', [BEHIND]: 'nameserver 10.0.0.1\nsearch other\n' };
  expect(systemDns('dns', files(given))).toEqual({ servers: ['10.0.0.1'], search: ['home'] });
});

test.each([
  ['Docker', { [ETC]: 'nameserver 127.0.0.11\noptions ndots:0\n' }],
  ['systemd-resolved without servers', { [ETC]: 'nameserver 127.0.0.53\n', [BEHIND]: 'nameserver 127.0.0.53\n' }],
])('%s: nobody can be asked over the stack, which is told', (_, given) => {
  const refused = (): unknown => systemDns('dns', files(given as Record<string, string>));
  expect(refused).toThrow(OptionError);
  expect(refused).toThrow(/option dns: 'system' is not valid.*127\.0\.0\.(11|53).*is the host's own.*leave dns out/);
});

test('a file that cannot be read is told; one that names no server leaves names to node:dns', () => {
  expect(() => systemDns('dns', files({}))).toThrow(/ENOENT/);
  expect(systemDns('dns', files({ [ETC]: 'search home\n' }))).toEqual({ servers: [], search: ['home'] });
});
