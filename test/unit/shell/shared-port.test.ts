// `reusePort` of the three levels: several listeners, one LISTEN row, connections in turn.
import { describe, expect, test, vi } from 'vitest';
import { StackCore } from '../../../src/core/stack-core.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import { World } from '../../../src/sim.ts';

const pair = () => {
  const world = new World({ seed: 1, impair: { delay: 1_000 } });
  const host = (n: number) => world.host([`10.0.0.${n}/24`, `fd00::${n}/64`]);
  return { world, client: host(1), server: host(2) };
};
type Pair = ReturnType<typeof pair>;

/** Connects `times` times, one after the other: what it read, or the code where it fails. */
async function visit({ world, client }: Pair, times: number, port = 80, host = '10.0.0.2'): Promise<string[]> {
  const read = async (): Promise<string> => {
    const conn = await client.open({ host, port });
    conn.closeWrite();
    let text = '';
    for await (const chunk of conn) text += chunk;
    return text;
  };
  const outcomes: string[] = [];
  for (let i = 0; i < times; i++)
    outcomes.push(await world.settle(read().catch((error: NodeJS.ErrnoException) => error.code!)));
  return outcomes;
}

describe('reusePort', () => {
  test('services take connections in turn, and alone when the other has gone', async () => {
    const net = pair();
    const taken: string[] = [];
    const serve = (name: string) => net.server.serve(80, { open: () => taken.push(name) }, { reusePort: true });
    const [a, b] = [serve('a'), serve('b')];
    expect(net.server.metrics().listeners).toBe(1);
    await visit(net, 4);
    expect(taken).toEqual(['a', 'b', 'a', 'b']);
    a.close();
    await visit(net, 2);
    expect(taken.slice(4)).toEqual(['b', 'b']);
    b.close();
    expect(await visit(net, 1)).toEqual(['ECONNREFUSED']);
    serve('c');
    await visit(net, 1);
    expect(taken.slice(6)).toEqual(['c']);
  });

  test('a port chosen by the first is shared by the others', async () => {
    const net = pair();
    const taken: string[] = [];
    const a = net.server.serve(0, { open: () => taken.push('a') }, { reusePort: true });
    net.server.serve(a.port, { open: () => taken.push('b') }, { reusePort: true });
    await visit(net, 2, a.port);
    expect(taken).toEqual(['a', 'b']);
  });

  test('whoever does not share has the port alone', () => {
    const { server } = pair();
    const refused = expect.objectContaining({ code: 'EADDRINUSE', syscall: 'listen', port: 80 });
    const first = server.serve(80, {});
    expect(() => server.serve(80, {}, { reusePort: true })).toThrow(refused);
    first.close();
    server.serve(80, {}, { reusePort: true });
    expect(() => server.serve(80, {})).toThrow(refused);
    expect(() => server.serve(81, {}, { reusePort: 1 as never })).toThrow('option reusePort: 1 is not valid');
  });

  test('each level shares with each, and handlers are each one’s own', async () => {
    const net = pair();
    net.server.serve(80, { open: (conn: Conn) => conn.end('serve') }, { reusePort: true });
    net.server.createServer((socket) => socket.end('server')).listen({ port: 80, reusePort: true });
    const listener = net.server.listen({ port: 80, reusePort: true });
    const loop = async () => {
      for await (const conn of listener) {
        await conn.write('listener');
        conn.closeWrite();
      }
    };
    const looping = loop();
    expect(await visit(net, 3)).toEqual(['serve', 'server', 'listener']);
    await net.world.settle(net.server.close());
    await looping;
    expect(net.server.metrics().listeners).toBe(0);
  });

  test('a SYN that one of them refuses is refused', async () => {
    const net = pair();
    net.server.serve(80, {}, { reusePort: true });
    const picky = net.server.serve(80, {}, { reusePort: true, syn: () => 'reset' });
    expect(await visit(net, 2)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    picky.close();
    expect(await visit(net, 1)).toEqual(['']);
  });

  test('IPv4 passes those by that take IPv6 only, and is refused when all of them do', async () => {
    const net = pair();
    const taken: string[] = [];
    const serve = (name: string, ipv6Only: boolean) =>
      net.server.serve(80, { open: () => taken.push(name) }, { reusePort: true, ipv6Only });
    const [, both, alsoBoth] = [serve('six', true), serve('both', false), serve('also both', false)];
    expect(await visit(net, 3)).toEqual(['', '', '']);
    expect(taken.splice(0)).toEqual(['both', 'also both', 'both']);
    await visit(net, 3, 80, 'fd00::2');
    expect(taken.splice(0).sort()).toEqual(['also both', 'both', 'six']);
    both.close();
    alsoBoth.close();
    expect(await visit(net, 1)).toEqual(['ECONNREFUSED']);
    expect(await visit(net, 1, 80, 'fd00::2')).toEqual(['']);
    expect(taken).toEqual(['six']);
  });

  test('of a SYN of IPv4 those are not asked that take IPv6 only', async () => {
    const net = pair();
    const syn = vi.fn(() => 'reset' as const);
    net.server.serve(80, {}, { reusePort: true, ipv6Only: true, syn });
    net.server.serve(80, {}, { reusePort: true });
    expect(await visit(net, 1)).toEqual(['']);
    expect(syn).not.toHaveBeenCalled();
    expect(await visit(net, 1, 80, 'fd00::2')).toEqual(['ECONNREFUSED']);
  });

  test('alone on its port, IPv6 only refuses IPv4; one that comes later does, too', async () => {
    const net = pair();
    for (const reusePort of [false, true]) {
      const service = net.server.serve(80, {}, { ipv6Only: true, reusePort });
      expect(await visit(net, 1)).toEqual(['ECONNREFUSED']);
      expect(await visit(net, 1, 80, 'fd00::2')).toEqual(['']);
      service.close();
    }
  });

  test('the core asks about SYNs only when one of them has a word to say', () => {
    const { server } = pair();
    const hook = vi.spyOn(StackCore.prototype, 'onSyn' as never, 'set');
    server.serve(80, {}, { reusePort: true });
    server.serve(80, {}, { reusePort: true });
    expect(hook).not.toHaveBeenCalled();
    server.serve(80, {}, { reusePort: true, syn: () => 'accept' });
    expect(hook).toHaveBeenCalledOnce();
    hook.mockRestore();
  });
});
