// An unchanged program with `--import usertcp/register` on a wire: who is reached by whom, and who carries it (ADR 34, ADR 40).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, has, Lab, notBuilt, Plain, REGISTER_SYNC } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('curl');
const { kernel, stack } = addresses;

function curl(lab: Lab, where: 'kernel' | 'stack', url: string): string {
  const { code, out } = lab[where].try(['curl', '-sS', '-g', '-m', '3', url]);
  return code === 0 ? out : `exit ${code}`;
}

describe.skipIf(skip)('an unchanged program', () => {
  let lab: Lab;
  let ours: Plain;
  let peer: Plain;
  beforeAll(async () => {
    lab = await Lab.create();
    ours = await Plain.ours(lab);
    peer = await Plain.on(lab.kernel);
    for (const [name, host] of Object.entries({ v4: kernel.v4, v6: kernel.v6 }))
      await peer.call('listen', { name, host, port: 8080 });
  });
  afterAll(async () => {
    await lab?.close();
  });
  const counts = () => ours.call<Record<string, number>>('counts');

  /** Where a server that listens there is reached: over the wire, by the kernel's loopback, and by itself. */
  const places: [host: string | undefined, reached: string[]][] = [
    [undefined, ['wire 4', 'wire 6', 'lo 4', 'lo 6']],
    ['::', ['wire 4', 'wire 6', 'lo 4', 'lo 6']],
    ['0.0.0.0', ['wire 4', 'lo 4']],
    ['127.0.0.1', ['lo 4']],
    ['::1', ['lo 6']],
    ['localhost', ['lo 4']],
    [stack.v4, ['wire 4']],
    [stack.v6, ['wire 6']],
  ];
  test.each(places)('listens on %s', async (host, reached) => {
    await ours.call('listen', { name: 'at', port: 8000, host });
    const before = await counts();
    const ways = { 'wire 4': stack.v4, 'wire 6': `[${stack.v6}]`, 'lo 4': '127.0.0.1', 'lo 6': '[::1]' };
    const others: string[] = [];
    const itself: string[] = [];
    for (const [way, address] of Object.entries(ways)) {
      const url = `http://${address}:8000/`;
      if (curl(lab, way.startsWith('wire') ? 'kernel' : 'stack', url).startsWith('at ')) others.push(way);
      if ((await ours.get(url).catch(() => '')).startsWith('at ')) itself.push(way);
    }
    await ours.call('close', { name: 'at' });
    // 'localhost' is the family that the resolver names first.
    const expected = host === 'localhost' ? [others[0]] : reached;
    expect({ others, itself }).toEqual({ others: expected, itself: expected });
    if (host === 'localhost') expect(['lo 4', 'lo 6']).toContain(others[0]);
    const after = await counts();
    const wire = expected.filter((way) => way!.startsWith('wire')).length;
    expect(after.accepted! - before.accepted!).toBe(wire + expected.length);
    expect(after.kernelAccepted! - before.kernelAccepted!).toBe(expected.length - wire);
    expect(after).toMatchObject({ listening: 0, kernelListening: 0 });
  });

  test.each(['v4', 'v6'] as const)('connects over the wire, IP%s', async (family) => {
    const before = await counts();
    const host = family === 'v4' ? kernel.v4 : `[${kernel.v6}]`;
    expect(await ours.get(`http://${host}:8080/`)).toBe(`${family} ${stack[family]}`);
    const { ends, events } = await ours.connect({ host: kernel[family], port: 8080 });
    expect(events).toEqual([`connectionAttempt ${kernel[family]}`, 'connect', 'ready']);
    expect(ends).toEqual({
      localAddress: stack[family],
      remoteAddress: kernel[family],
      remotePort: 8080,
      remoteFamily: family === 'v4' ? 'IPv4' : 'IPv6',
    });
    expect((await counts()).opened).toBe(before.opened! + 2);
  });

  test('a port of loopback on which only the kernel listens is the kernel’s', async () => {
    const neighbour = await Plain.on(lab.stack);
    await neighbour.call('listen', { name: 'postgres', host: '127.0.0.1', port: 5432 });
    const before = await counts();
    expect(await ours.get('http://127.0.0.1:5432/')).toBe('postgres 127.0.0.1');
    const after = await counts();
    expect([after.opened! - before.opened!, after.kernelOpened! - before.kernelOpened!]).toEqual([0, 1]);
  });

  test('a port that is in use is an error as Node has it', async () => {
    await ours.call('listen', { name: 'first', port: 8001 });
    const second = ours.call('listen', { name: 'second', port: 8001 });
    await expect(second).rejects.toMatchObject({
      message: 'listen EADDRINUSE: address already in use :::8001',
      code: 'EADDRINUSE',
      syscall: 'listen',
    });
    await ours.call('close', { name: 'first' });
  });

  test('counts are part of the metrics of the stack', async () => {
    const { net, text } = await ours.call<{ net: object; text: string }>('metrics');
    expect(net).toEqual(await counts());
    const { opened } = await counts();
    expect(text).toContain(`\nusertcp_net_opened_total{carrier="ours"} ${opened}\n`);
  });
});

describe.skipIf(skip)('rules', () => {
  const lab = Lab.create();
  afterAll(async () => (await lab).close());
  const start = async (env: NodeJS.ProcessEnv) => Plain.ours(await lab, env);
  /** As Node has it, and what to do. */
  const refusal = (syscall: string, code: string, address: string, port: number, message: unknown) => ({
    message,
    code,
    errno: code === 'ENETUNREACH' ? -101 : -99,
    syscall,
    address,
    port,
  });

  test("fallback: 'error' says what the stack lacks", async () => {
    const ours = await start({ USERTCP_FALLBACK: 'error' });
    const { error, events } = await ours.connect({ host: '192.0.2.1', port: 80 });
    const lacks =
      /\. usertcp: the stack has no route to 192\.0\.2\.1 \(it has 10\.99\.0\.2, .*\); give it a gateway or a route, or let/;
    expect(error).toMatchObject(
      refusal('connect', 'ENETUNREACH', '192.0.2.1', 80, expect.stringMatching(/^connect ENETUNREACH 192.0.2.1:80/)),
    );
    expect(error!.message).toMatch(lacks);
    expect(events).toEqual(['connectionAttempt 192.0.2.1']);
    await expect(ours.call('listen', { name: 'x', host: '192.0.2.7', port: 80 })).rejects.toMatchObject(
      refusal(
        'listen',
        'EADDRNOTAVAIL',
        '192.0.2.7',
        80,
        expect.stringMatching(
          /^listen EADDRNOTAVAIL: address not available 192.0.2.7:80. usertcp: 192.0.2.7 is no address of the stack, which has 10/,
        ),
      ),
    );
    expect(await ours.call('counts')).toMatchObject({ unroutable: 1, kernelOpened: 0, listening: 0 });
    await ours.program.stop();
  });

  test('fallback to the kernel: its error, without advice', async () => {
    const ours = await start({});
    const { error } = await ours.connect({ host: '192.0.2.1', port: 80 });
    expect(error!.message).toMatch(/^connect ENETUNREACH 192.0.2.1:80 - Local \(.*:0\)$/);
    expect(await ours.call('counts')).toMatchObject({ unroutable: 0, kernelOpened: 1, opened: 0 });
    await ours.program.stop();
  });

  test('prefixes: what is outside is the kernel’s, or refused', async () => {
    const env = { USERTCP_PREFIXES: 'fd99::/64', USERTCP_FALLBACK: 'error' };
    const ours = await start(env);
    const peer = await Plain.on((await lab).kernel);
    await peer.call('listen', { name: 'any', port: 8080 });
    expect(await ours.get(`http://[${kernel.v6}]:8080/`)).toBe(`any ${stack.v6}`);
    const { error } = await ours.connect({ host: kernel.v4, port: 8080 });
    expect(error!.message).toContain(`${kernel.v4} is not among the option prefixes; add it there`);
    expect(await ours.call('counts')).toMatchObject({ opened: 1, unroutable: 1 });
    await ours.program.stop();

    (await lab).addNeighbour();
    const shared = await start({ ...env, USERTCP_FALLBACK: 'kernel' });
    expect(await shared.get(`http://${kernel.v4}:8080/`)).toBe(`any ::ffff:${addresses.neighbour.v4}`);
    expect(await shared.call('counts')).toMatchObject({ opened: 0, kernelOpened: 1 });
    await shared.program.stop();
  });

  test('ports: only these are ours to listen on', async () => {
    const ours = await start({ USERTCP_PORTS: '8000-8099' });
    await ours.call('listen', { name: 'ours', port: 8042 });
    await ours.call('listen', { name: 'kernel', port: 9000 });
    expect(await ours.call('counts')).toMatchObject({ listening: 1, kernelListening: 1 });
    expect(curl(await lab, 'kernel', `http://${stack.v4}:8042/`)).toMatch(/^ours /);
    expect(curl(await lab, 'stack', 'http://127.0.0.1:9000/')).toMatch(/^kernel /);
    await ours.call('close', { name: 'kernel' });
    expect(await ours.call('counts')).toMatchObject({ kernelListening: 0 });
    await ours.program.stop();
  });

  test('--require: listen and connect wait for the device', async () => {
    const { stack: side, device } = await lab;
    const program = `
      const http = require('node:http'), net = require('node:net');
      const server = http.createServer((_, res) => res.end('late')).listen(80, '${stack.v4}', () => {
        http.get('http://${stack.v4}/', (res) => res.on('data', (text) => {
          console.log(String(text), server.address().address);
          server.close();
          process.exit();
        }));
      });
      const socket = net.connect(9, '${kernel.v4}').on('error', (error) => console.log(error.code));
      console.log(server.listening, socket.connecting);`;
    const env = { USERTCP_DEVICE: device, USERTCP_ADDRESSES: `${stack.v4}/24` };
    const started = side.start([process.execPath, '--require', REGISTER_SYNC, '-e', program], env);
    expect({ code: await started.exited, out: started.out, err: started.err }).toEqual({
      code: 0,
      out: `false true\nECONNREFUSED\nlate ${stack.v4}\n`,
      err: '',
    });
  });

  test('--require: a device that cannot be opened is told to who listens and who connects', async () => {
    const program = `
      const net = require('node:net');
      net.createServer().on('error', (error) => console.log('server', error.message)).listen(80);
      net.connect(9, '${kernel.v4}').on('error', (error) => console.log('socket', error.code, error.message));`;
    const env = { USERTCP_DEVICE: 'nothing0', USERTCP_ADDRESSES: `${stack.v4}/24` };
    const ran = (await lab).stack.start([process.execPath, '--require', REGISTER_SYNC, '-e', program], env);
    await ran.exited;
    expect(ran.out).toMatch(/^server .*nothing0/m);
    expect(ran.out).toMatch(/^socket E\w+ connect E\w+ 10.99.0.1:9.* usertcp: .*nothing0/m);
  });
});
