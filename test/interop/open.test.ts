// `usertcp open DEVICE -- COMMAND`: the command has no rights, and its stack works; what it needed is undone when it ends.
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addresses, capability, has, Lab, notBuilt, type Program } from './harness/index.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const APP = fileURLToPath(new URL('programs/unprivileged.mjs', import.meta.url));
const NOBODY = 65534;
const can = capability();
const users = can.ok && can.how === 'root';
if (can.ok && !users) console.warn('interop: usertcp open skipped: only root can become another user');
const own = { addresses: [`${addresses.stack.v4}/24`, `${addresses.stack.v6}/64`] };

describe.skipIf(!users || !has('curl') || notBuilt() !== undefined)('usertcp open', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.create({ offloads: true });
  });
  afterEach(() => lab?.close());

  const open = (options: object, args: string[] = [], env = {}, more: string[] = []): Program =>
    lab.stack.start(
      [
        process.execPath,
        CLI,
        'open',
        lab.device,
        ...args,
        '--',
        process.execPath,
        APP,
        JSON.stringify(options),
        ...more,
      ],
      env,
    );
  const tables = (): string => lab.stack.run('nft', 'list', 'tables');
  const fetch = (host: string): string => lab.kernel.try(['curl', '-sS', '-m', '5', `http://${host}/`]).out;
  async function gone(): Promise<boolean> {
    for (let i = 0; i < 50 && tables() !== ''; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    return tables() === '';
  }

  test('under sudo it runs as who called: no capabilities, a server for curl, rules that go with it', async () => {
    const app = open(own, [], { SUDO_UID: String(NOBODY), SUDO_GID: String(NOBODY) });
    expect(await app.ready()).toMatchObject({
      warnings: [],
      uid: [NOBODY, NOBODY, NOBODY],
      groups: '',
      capabilities: Array(4).fill('0000000000000000'),
      left: [],
    });
    expect(tables()).toMatch(/table netdev usertcp_/);
    expect([fetch(addresses.stack.v4), fetch(`[${addresses.stack.v6}]`)]).toEqual(Array(2).fill('hello from nobody\n'));
    // SIGTERM is passed on; the exit code comes back.
    expect(await app.stop()).toBe(9);
    expect(tables()).toBe('');
  });

  test('a stack on another device gets neither the sockets nor the rules, and the one on this device has them then', async () => {
    lab.stack.run('ip', 'link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1');
    for (const end of ['other0', 'other1']) lab.stack.run('ip', 'link', 'set', end, 'up');
    const app = open(own, ['--user', 'nobody'], {}, ['other0']);
    expect(await app.ready()).toMatchObject({
      warnings: [],
      elsewhere: expect.stringMatching(/^EPERM .*opening 'other0'.*sudo npx usertcp open other0/) as string,
    });
    expect(fetch(addresses.stack.v4)).toBe('hello from nobody\n');
    expect(await app.stop()).toBe(9);
  });

  test("mode shared: the host's own address, where the kernel must be kept from answering with RST", async () => {
    lab.stack.run('ip', 'addr', 'add', `${addresses.stack.v4}/24`, 'dev', lab.device);
    const app = open(
      {
        addresses: [`${addresses.stack.v4}/24`],
        mode: 'shared',
        ports: [80, ...Array.from({ length: 2000 }, (_, n) => 8000 + n)],
      },
      ['--user', 'nobody'],
    );
    expect(await app.ready()).toMatchObject({ warnings: [], uid: [NOBODY, NOBODY, NOBODY] });
    expect(lab.stack.run('cat', '/proc/sys/net/ipv4/ip_local_reserved_ports').trim()).toBe('80,8000-9999,61000-65535');
    expect(fetch(addresses.stack.v4)).toBe('hello from nobody\n');
    await app.stop();
    expect(lab.stack.run('cat', '/proc/sys/net/ipv4/ip_local_reserved_ports').trim()).toBe('');
  });

  test('killed, it leaves no rules behind; so does a command that is killed', async () => {
    for (const victim of ['open', 'command']) {
      const app = open(own, ['--user', `${NOBODY}:${NOBODY}`]);
      await app.ready();
      const command = lab.stack.run('pgrep', '-P', String(app.pid)).trim().split('\n')[0]!;
      process.kill(victim === 'open' ? app.pid : Number(command), 'SIGKILL');
      expect(await gone()).toBe(true);
      // The command lives on without its rules, and has the output of `open`.
      if (victim === 'open') process.kill(Number(command), 'SIGKILL');
      expect(await app.exited).toBe(victim === 'open' ? -1 : 128 + 9);
    }
  });

  test("the rights of a systemd service reach nft, those of Node's file do not", async () => {
    const rights = '+net_raw,+net_admin';
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', `--inh-caps=${rights}`];
    const start = (node: string, ...more: string[]): Program =>
      lab.stack.start([...user, ...more, node, APP, JSON.stringify(own)], { USERTCP_DEVICE: lab.device });
    const service = start(process.execPath, `--ambient-caps=${rights}`);
    expect(await service.ready()).toMatchObject({ warnings: [], uid: [NOBODY, NOBODY, NOBODY] });
    expect(tables()).toMatch(/table netdev usertcp_/);
    expect(fetch(addresses.stack.v4)).toBe('hello from nobody\n');
    await service.stop();
    if (!has('setcap')) return;
    const dir = mkdtempSync(join(tmpdir(), 'usertcp-node-'));
    chmodSync(dir, 0o755);
    try {
      const copy = join(dir, 'node');
      copyFileSync(realpathSync(process.execPath), copy);
      lab.stack.run('setcap', 'cap_net_raw,cap_net_admin+ep', copy);
      const file = start(copy);
      expect((await file.ready()).warnings).toEqual([expect.stringMatching(/without ingress rules .*usertcp open/)]);
      expect(fetch(addresses.stack.v4)).toBe('hello from nobody\n');
      await file.stop();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('with NET_RAW alone, as in a container: own-mac works, own and shared need the rule where they say so', async () => {
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const raw = [...user, '--inh-caps=+net_raw', '--ambient-caps=+net_raw'];
    const start = (options: object): Program =>
      lab.stack.start([...raw, process.execPath, APP, JSON.stringify({ ...own, ...options })], {
        USERTCP_DEVICE: lab.device,
      });
    lab.sysctl(lab.stack, 'net.ipv4.ip_forward', 1);
    const app = start({ mode: 'own-mac' });
    await app.ready();
    expect(fetch(addresses.stack.v4)).toBe('hello from nobody\n');
    await app.stop();
    const forwarding = start({ mode: 'own' });
    expect(await forwarding.exited).not.toBe(0);
    expect(forwarding.err).toMatch(/ERR_USERTCP_NFT|forwarding is on/);
    lab.stack.run('ip', 'addr', 'add', `${addresses.stack.v4}/24`, 'dev', lab.device);
    const shared = start({ addresses: [`${addresses.stack.v4}/24`], mode: 'shared', ports: [80] });
    expect(await shared.exited).not.toBe(0);
    expect(shared.err).toMatch(/the kernel has the address, so it would answer our segments with RST/);
  });

  test('root must say whom it runs as; a device that is not there is told before anything runs', async () => {
    const nobodySaid = open(own);
    expect(await nobodySaid.exited).toBe(2);
    expect(nobodySaid.err).toMatch(/^usertcp: open: as whom is COMMAND to run\?.*--user NAME/);
    const elsewhere = lab.stack.start([process.execPath, CLI, 'open', 'no0', '--user', 'nobody', '--', 'true']);
    expect(await elsewhere.exited).toBe(1);
    expect(elsewhere.err).toMatch(/there is no device 'no0' here/);
  });
});
