// Who else claims an address or ports on our device, out of the tables as nft lists them.
import { expect, test } from 'vitest';
import { chainName, claimsIn, tableName } from '../../../src/shell/coexist/claims.ts';
import { overlap } from '../../../src/shell/coexist/rivals.ts';

interface Table {
  readonly name?: string;
  readonly device?: string;
  readonly vlan?: number;
}

const OTHER = 'usertcp_4711_99_abcdef';

/** As nft 1.0 writes it. */
function table(rules: readonly string[], { name = OTHER, device = '"eth0"', vlan }: Table = {}): string {
  const lines = rules.map((rule) => `\t\t${rule} counter packets 0 bytes 0 drop\n`);
  const hook = `type filter hook ingress device ${device} priority 0; policy accept;`;
  return `table netdev ${name} {\n\tchain ${chainName(vlan)} {\n\t\t${hook}\n${lines.join('')}\t}\n}\n`;
}

const own = tableName('123456');
const OWN_RULES = ['ip daddr 10.0.0.2', 'arp daddr ip 10.0.0.2', 'ip6 daddr fd00::2'];

test('claims as the tables of running stacks say them', () => {
  const shared = ['ip daddr 10.0.0.3 tcp dport { 80, 443, 61000-65535 }', 'ip6 daddr fd00::3 tcp dport 61000-65535'];
  const ruleset = [
    table(['ip daddr 10.0.0.9'], { name: 'somebody_1_2' }),
    table(OWN_RULES, { vlan: 10 }),
    table(shared, { name: 'usertcp_8_1_aa', device: '= { "eth1" }' }),
  ].join('');
  const said = claimsIn(ruleset).map(
    ({ pid, device, vlan, address, ports }) => `${pid} ${device} ${vlan} ${address} ${ports}`,
  );
  expect(said).toEqual([
    '4711 eth0 10 10.0.0.2 undefined',
    '4711 eth0 10 fd00::2 undefined',
    '8 eth1 undefined 10.0.0.3 80,443,61000-65535',
    '8 eth1 undefined fd00::3 61000-65535',
  ]);
});

const PORTS = (ports: string): string[] => [`ip daddr 10.0.0.2 tcp dport ${ports}`];

test.each<[string, readonly string[], readonly string[], Table, string | undefined]>([
  ['the same address', OWN_RULES, ['ip daddr 10.0.0.2'], {}, 'all'],
  ['the same IPv6 address', OWN_RULES, ['ip daddr 10.0.0.7', 'ip6 daddr fd00::2'], {}, 'all'],
  ['other addresses', OWN_RULES, ['ip daddr 10.0.0.7', 'ip6 daddr fd00::7'], {}, undefined],
  ['another device', OWN_RULES, OWN_RULES, { device: '"eth1"' }, undefined],
  ['another VLAN', OWN_RULES, OWN_RULES, { vlan: 10 }, undefined],
  ['a table of this process', OWN_RULES, OWN_RULES, { name: tableName('abcdef') }, undefined],
  [
    'a process of the same number, begun at another time',
    OWN_RULES,
    OWN_RULES,
    { name: `usertcp_${process.pid}_0_a` },
    'all',
  ],
  ['some of the ports', PORTS('{ 80, 61000-65535 }'), PORTS('{ 81, 62000-62009 }'), {}, '62000-62009'],
  ['other ports', PORTS('{ 80, 61000-65535 }'), PORTS('{ 81, 50000-50009 }'), {}, undefined],
  ['all ports of what we have some of', PORTS('80'), ['ip daddr 10.0.0.2'], {}, '80'],
  ['some ports of what we have all of', ['ip daddr 10.0.0.2'], PORTS('80'), {}, '80'],
])('an older table with %s', (_, ours, theirs, which, common) => {
  const found = overlap(claimsIn(table(theirs, which) + table(ours, { name: own })), own);
  expect(found && String(found.ports ?? 'all')).toBe(common);
  // Who came later is the one to go.
  expect(overlap(claimsIn(table(ours, { name: own }) + table(theirs, which)), own)).toBeUndefined();
});
