// pg against PostgreSQL.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { bytes, failure, MIB, options, play, sha, times } from './play.mjs';

const base = { host: options.host, port: 5432, user: 'test', database: 'postgres' };
const ssl = { ca: readFileSync(`${options.folder}/ca.pem`), servername: 'one.test' };
const equal = (got, want) => {
  if (got !== want) throw new Error(`${got} is not ${want}`);
};

const make = (scheme) => {
  const config = { ...base, ...(scheme === 'tls' && { ssl }) };
  const within = async (act) => {
    const client = new pg.Client(config);
    client.on('error', () => {});
    await client.connect();
    try {
      await act(client);
    } finally {
      await client.end().catch(() => {});
    }
  };
  const all = {
    'it is the connection we think': async (c) => {
      const { rows } = await c.query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
      equal(rows[0].ssl, scheme === 'tls');
    },
    '8 MiB there and back': async (c) => {
      const body = bytes(1, 8 * MIB);
      const { rows } = await c.query('select $1::bytea as body, length($1::bytea) as size', [body]);
      equal(rows[0].size, 8 * MIB);
      equal(sha(rows[0].body), sha(body));
    },
    '100,000 rows': async (c) => {
      const { rows } = await c.query(`select i, 'row ' || i as text from generate_series(1, 100000) i`);
      equal(rows.length, 100_000);
      equal(
        rows.every(({ i, text }, at) => i === at + 1 && text === `row ${i}`),
        true,
      );
    },
    '500 small queries, one after another': async (c) => {
      for (let i = 0; i < 500; i++)
        equal((await c.query({ name: 'add', text: 'select $1::int + 1 as n', values: [i] })).rows[0].n, i + 1);
    },
    'an error leaves the connection in use': async (c) => {
      equal((await failure(c.query('select nothing'))).code, '42703');
      equal((await c.query('select 1 as n')).rows[0].n, 1);
    },
    'a notification comes by itself': async (c) => {
      await c.query('listen news');
      const told = once(c, 'notification');
      await within((other) => other.query(`notify news, 'here'`));
      equal((await told)[0].payload, 'here');
    },
    'a server process that is ended': async (c) => {
      const { rows } = await c.query('select pg_backend_pid() as pid');
      const ended = new Promise((resolve) => c.on('end', resolve));
      await within((other) => other.query('select pg_terminate_backend($1)', [rows[0].pid]));
      await ended;
    },
  };
  const more = {
    'a pool of 40 does 1,000 queries': async () => {
      const pool = new pg.Pool({ ...config, max: 40 });
      const sums = await times(1_000, async (i) => (await pool.query('select $1::int * 2 as n', [i])).rows[0].n);
      equal(
        sums.every((n, i) => n === 2 * i),
        true,
      );
      await pool.end();
    },
  };
  return Object.fromEntries([
    ...Object.entries(all).map(([name, act]) => [`${scheme}: ${name}`, () => within(act)]),
    ...Object.entries(more).map(([name, act]) => [`${scheme}: ${name}`, act]),
  ]);
};

await play({ ...make('plain'), ...make('tls') });
