// What bench/pressure.mjs can be asked for: the servers, the pressures, and which of them are meant by `--peers` and `--only`.

/** name → [address, what bench/pressure-end.mjs calls it]. */
export const servers = {
  ours: ['10.77.0.2', 'ours'],
  'ours-sockets': ['10.77.0.2', 'ours-sockets'],
  'ours-net': ['10.77.0.2', 'ours-net'],
  'node-net': ['10.77.0.3', 'net'],
};
const stacks = ['ours', 'ours-sockets', 'ours-net'];

const fast = {};
const MB = 1e6;
const flood = { server: { send: { every: 10, times: 1, size: 1000 }, ignore: 128 * MB }, client: { pause: true } };

/**
 * What the server does, what the client does, for how long (ms), and with which options of the stack. `peers`: only these have it. `cut`: these
 * lose their connection to it, with that error, and what had not arrived by then.
 */
export const scenarios = {
  'reader of 100 MB/s, sender as fast as it can': { server: { slow: 100 * MB }, client: { send: fast }, ms: 2000 },
  'reader paused for 5 s': { server: { pause: true }, client: { send: fast }, ms: 5000 },
  'reader paused for a minute': { server: { pause: true }, client: { send: fast }, ms: 60_000 },
  'peer reads 100 MB/s, we write as fast as it goes': { server: { send: fast }, client: { slow: 100 * MB }, ms: 2000 },
  'peer paused for 5 s': { server: { send: fast }, client: { pause: true }, ms: 5000 },
  'event loop stalled 100 ms of 200, receiving': { server: { block: 100 }, client: { send: fast }, ms: 2000 },
  'event loop stalled 100 ms of 200, sending': { server: { send: fast, block: 100 }, client: {}, ms: 2000 },
  'writer ignores back-pressure, 128 MB, peer paused': { ...flood, ms: 1000, flood: true },
  'writer ignores back-pressure, maxBuffered 1 MB': {
    ...flood,
    server: { ...flood.server, limits: { maxBuffered: 1 << 20 } },
    ms: 1000,
    flood: true,
    peers: stacks,
    cut: { peers: ['ours-sockets', 'ours-net'], code: 'ERR_USERTCP_MAX_BUFFERED' },
  },
  'ring overflow: 256 connections, small writes, loop stalled': {
    server: { block: 100, count: 256 },
    client: { send: { every: 1, times: 4, size: 100 }, count: 256 },
    ms: 2000,
    stack: { rings: { small: 1024 } },
  },
};

const listed = (text) => text.split(',').filter(Boolean);

/** [scenario, server] in the order of the table. `only`: parts of names, `peers`: names, both with commas. Throws for what is not there. */
export function plan({ only, peers }) {
  const names = Object.keys(scenarios);
  const parts = only === undefined ? [''] : listed(only);
  const lost = parts.filter((part) => !names.some((name) => name.includes(part)));
  if (lost.length > 0 || parts.length === 0)
    throw new Error(
      `--only ${only}: no scenario has ${lost.join(', ') || 'that'} in its name. There are:\n  ${names.join('\n  ')}`,
    );
  const asked = peers === undefined ? Object.keys(servers) : listed(peers);
  const unknown = asked.filter((peer) => !Object.hasOwn(servers, peer));
  if (unknown.length > 0 || asked.length === 0)
    throw new Error(`--peers ${peers}: no server ${unknown.join(', ')}. There are: ${Object.keys(servers).join(', ')}`);
  const pairs = names
    .filter((name) => parts.some((part) => name.includes(part)))
    .flatMap((name) =>
      asked.filter((peer) => scenarios[name].peers?.includes(peer) ?? true).map((peer) => [name, peer]),
    );
  if (pairs.length === 0)
    throw new Error(`--only ${only} --peers ${peers}: these servers have none of these scenarios`);
  return pairs;
}

/** Why a row is no good, or undefined: what was lost without anybody's wish. */
export function complaint(row) {
  if (row.err) return row.err;
  if (row.wrong !== 0) return `${row.wrong} chunks arrived changed`;
  const { cut } = scenarios[row.t] ?? {};
  if (!cut?.peers.includes(row.peer)) return row.lost === 0 ? undefined : `${row.lost} bytes were lost`;
  return row.errors?.includes(cut.code) ? undefined : `nobody was told ${cut.code}`;
}
