// docs/guide/containers.md, in what a container is to us: a network namespace, a root file system and /proc/sys that are read-only, and
// no capability but those that the page gives. What it says works, works, and what it says is refused, is, in those words.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containersPage } from '../guide/containers.ts';
import { addresses, capability, has, Lab, notBuilt, type Program } from './harness/index.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const APP = fileURLToPath(new URL('programs/unprivileged.mjs', import.meta.url));
const NOBODY = 65534;
const can = capability();
const users = can.ok && can.how === 'root';
if (can.ok && !users) console.warn('interop: containers skipped: only root can give some of its rights away');
const page = containersPage();
const READ_ONLY =
  'mount -o remount,bind,ro / && mount -o bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';
const own = { addresses: [`${addresses.stack.v4}/24`] };
const shared = { ...own, mode: 'shared', ports: [80] };

describe.skipIf(!users || !has('curl') || !has('setpriv') || notBuilt() !== undefined)('in a container', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.create({ offloads: true });
  });
  afterEach(() => lab?.close());

  /** A command of somebody who has these capabilities of root, or is another user without any. */
  const container = (capabilities: readonly string[], command: readonly string[], user = 0): Program => {
    const set = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
    const rights = ['setpriv', `--bounding-set=${set}`, '--inh-caps=-all', '--no-new-privs'];
    const who = user === 0 ? [] : [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    return lab.stack.start(['unshare', '--mount', 'sh', '-c', READ_ONLY, 'sh', ...rights, ...who, ...command], {
      USERTCP_DEVICE: lab.device,
    });
  };
  const app = (options: object): string[] => [process.execPath, APP, JSON.stringify(options)];
  /** A command of the page, with this build, this device and a program of ours in place of its own. */
  const asWritten = (command: readonly string[], options: object): string[] => {
    const at = command.indexOf('--');
    expect([command.slice(0, 4), command.slice(at)]).toEqual([
      ['npx', 'usertcp', 'open', 'eth0'],
      ['--', 'node', 'app.mjs'],
    ]);
    // `node` is a user of the image.
    const flags = command.slice(4, at).map((word) => (word === 'node' ? 'nobody' : word));
    return [process.execPath, CLI, 'open', lab.device, ...flags, '--', ...app(options)];
  };
  const podAddress = (): string => lab.stack.run('ip', 'addr', 'add', `${addresses.stack.v4}/24`, 'dev', lab.device);
  const fetch = (): string => lab.kernel.try(['curl', '-sS', '-m', '5', `http://${addresses.stack.v4}/`]).out;
  const refusal = async (program: Program): Promise<string> => {
    expect(await program.exited).not.toBe(0);
    return program.err;
  };

  test.each([
    ['docker run', page.docker],
    ['the pod', page.pod],
  ])('%s: `usertcp open` uses the rights of the page and gives them up', async (_name, { capabilities, command }) => {
    podAddress();
    const program = container(capabilities, asWritten(command, shared));
    expect(await program.ready()).toMatchObject({
      uid: [NOBODY, NOBODY, NOBODY],
      capabilities: Array(4).fill('0000000000000000'),
      warnings: [expect.stringMatching(/add 80,61000-65535 to .*ip_local_reserved_ports .*read-only/)],
    });
    expect(fetch()).toBe('hello from nobody\n');
    // SIGTERM, which `open` may not send to another user without CAP_KILL.
    expect(await program.stop()).toBe(9);
  });

  test('NET_RAW and NET_ADMIN suffice for root of the container; ports that are reserved from outside need no warning', async () => {
    podAddress();
    lab.sysctl(lab.stack, page.sysctl.name, page.sysctl.value);
    const program = container(['NET_RAW', 'NET_ADMIN'], app(shared));
    expect(await program.ready()).toMatchObject({ uid: [0, 0, 0], warnings: [] });
    expect(fetch()).toBe('hello from nobody\n');
    await program.stop();
    const doctor = container(['NET_RAW', 'NET_ADMIN'], [process.execPath, CLI, 'doctor', '--for', 'device', '--json']);
    await doctor.exited;
    const { findings } = JSON.parse(doctor.out) as { findings: { name: string; ok: boolean }[] };
    const held = findings.filter(({ name }) => name.startsWith('CAP_'));
    expect(held).toMatchObject([
      { name: 'CAP_NET_RAW', ok: true },
      { name: 'CAP_NET_ADMIN', ok: true },
    ]);
  });

  test('NET_RAW alone: own-mac works; shared, and own where the namespace forwards, are refused with the reason', async () => {
    const program = container(['NET_RAW'], app({ ...own, mode: 'own-mac' }));
    expect(await program.ready()).toMatchObject({ warnings: [expect.stringMatching(/nft needs CAP_NET_ADMIN/)] });
    expect(fetch()).toBe('hello from nobody\n');
    await program.stop();
    lab.sysctl(lab.stack, 'net.ipv4.ip_forward', 1);
    expect(await refusal(container(['NET_RAW'], app({ ...own, mode: 'own' })))).toMatch(
      /mode 'own' .* forwarding is on.*mode: "own-mac".*nft needs CAP_NET_ADMIN; sudo npx usertcp open/,
    );
    podAddress();
    expect(await refusal(container(['NET_RAW'], app(shared)))).toMatch(
      /mode 'shared' .* answer our segments with RST: nft needs CAP_NET_ADMIN/,
    );
  });

  test('no capability, or a user who is not root and has them only to give: the error names them and what to do', async () => {
    const missing =
      /opening '.*' needs CAP_NET_RAW and CAP_NET_ADMIN \(EPERM.*\)\. .*--cap-add=NET_RAW --cap-add=NET_ADMIN/;
    expect(await refusal(container([], app({ ...own, mode: 'own-mac' })))).toMatch(missing);
    expect(await refusal(container(page.pod.capabilities, app({ ...own, mode: 'own-mac' }), NOBODY))).toMatch(missing);
  });
});
