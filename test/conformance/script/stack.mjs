// Our stack as a program of its own, on a device of its namespace: takes the commands of agent.py for its connections.
//   stack.mjs '{"device": …, "addresses": […], "tcp": {…}}'
import { createInterface } from 'node:readline';
import { openStack } from '../../interop/programs/open.mjs';

const stack = await openStack(JSON.parse(process.argv[2]));
const now = () => Number(process.hrtime.bigint() / 1000n);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
/** `lport remote rport` → Conn; and where a Conn belongs once its row is gone. */
const conns = new Map();
const places = new WeakMap();
const services = new Map();
const aborted = new WeakSet();
const keyOf = ({ lport, remote, rport }) => `${lport} ${remote} ${rport}`;
const tell = (conn, type, detail = '', more = {}) => say({ t: now(), type, detail, ...places.get(conn), ...more });

const handlers = {
  open(conn) {
    const place = { lport: conn.localPort, remote: conn.remoteAddress, rport: conn.remotePort };
    places.set(conn, place);
    conns.set(keyOf(place), conn);
    tell(conn, 'accept');
  },
  data: (conn, chunk) => tell(conn, 'data', String(chunk.length), { text: chunk.toString('hex') }),
  end: (conn) => tell(conn, 'end'),
  close: (conn, error) => tell(conn, 'closed', error?.code ?? (aborted.has(conn) ? 'ECONNABORTED' : 'OK')),
};

const calls = {
  listen({ lport }) {
    services.set(lport, stack.serve(lport, handlers));
  },
  send(conn, { text, words }) {
    const bytes = Buffer.from(text, 'hex');
    if (words.includes('urgent')) conn.sendUrgent(bytes);
    else conn.write(bytes);
    return String(text.length / 2);
  },
  close: (conn) => conn.end(),
  abort(conn) {
    aborted.add(conn);
    conn.abort();
  },
  nodelay: (conn, { words }) => conn.setNoDelay(words[0] === 'on'),
  keepalive: (conn, { words }) => conn.setKeepAlive(words[0] !== 'off', ...words.map(Number)),
  usertimeout: (conn, { words }) => conn.setUserTimeout(Number(words[0])),
  status() {},
};

const commands = {
  call(m) {
    if (m.name === 'listen') return void calls.listen(m);
    const conn = conns.get(keyOf(m));
    if (conn !== undefined) return calls[m.name](conn, m);
    if (!services.has(m.lport)) return 'ENOTCONN';
    services.get(m.lport).close();
    services.delete(m.lport);
  },
  state(m) {
    const state = conns.get(keyOf(m))?.state ?? 'CLOSED';
    return state === 'CLOSED' && services.has(m.lport) ? 'LISTEN' : state;
  },
  forget({ lport }) {
    for (const [key, conn] of conns) {
      if (places.get(conn).lport !== lport) continue;
      conn.abort();
      conns.delete(key);
    }
    services.get(lport)?.close();
    services.delete(lport);
  },
  /** How many frames came so far. */
  sync: () => String(stack.metrics().links.tap0.rxFrames),
};

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const m = JSON.parse(line);
  const t = now();
  try {
    const value = commands[m.do](m);
    say({ id: m.id, t, value: typeof value === 'string' ? value : 'OK' });
  } catch (error) {
    // What our API calls EPIPE when the one who wrote is also the one who ended.
    if (error.code === 'ERR_USERTCP_WRITE_AFTER_END') error.code = 'EPIPE';
    say({ id: m.id, t, ...(error.code ? { value: error.code } : { error: String(error.stack) }) });
  }
}
process.exit(0);
