// Servers of Debian on the kernel's side: in the foreground, in one process, on a folder of the world. setpriv lets the kernel end
// them when the test process dies, however it dies.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../harness/index.ts';
import type { World } from './world.ts';

const start = (world: World, command: string[], user: string[] = []): Program =>
  world.lab.kernel.start(['setpriv', '--pdeathsig', 'KILL', ...user, '--', ...command]);

/** Until somebody listens on a port there. */
async function listens(world: World, port: number, server: Program): Promise<Program> {
  const over = server.exited.then((code) => {
    throw new Error(
      `the server on port ${port} ended with ${code}: ${server.out.slice(-1000)} ${server.err.slice(-1000)}`,
    );
  });
  over.catch(() => {});
  for (const from = Date.now(); Date.now() - from < 15_000; ) {
    if (world.lab.kernel.run('ss', '-Hltn', `sport = :${port}`) !== '') return server;
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  throw new Error(`nobody listens on port ${port}: ${server.err.slice(-1000)}`);
}

/** 80 http, 443 https and h2, 4443 https that asks for a certificate, 8080 h2 without TLS. Files come and go by PUT and GET under /files. */
export async function nginx(world: World): Promise<Program> {
  const { folder } = world;
  mkdirSync(join(folder, 'files'));
  chmodSync(join(folder, 'files'), 0o777);
  const facts = '$ssl_protocol $ssl_session_reused $ssl_server_name $ssl_alpn_protocol $ssl_client_verify $connection';
  const common = `
    location = /who { default_type text/plain; return 200 "${facts}"; }
    location = /fall { return 444; }
    location = /slow/big { alias ${folder}/files/big; limit_rate 200k; }
    location / { root ${folder}; dav_methods PUT DELETE; client_body_temp_path ${folder}/bodies; }`;
  const pair = (name: string): string =>
    `ssl_certificate ${folder}/${name}.pem; ssl_certificate_key ${folder}/${name}-key.pem;`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr; worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
  access_log off; client_max_body_size 0; keepalive_requests 100000; sendfile on;
  proxy_temp_path ${folder}/t1; fastcgi_temp_path ${folder}/t2; uwsgi_temp_path ${folder}/t3; scgi_temp_path ${folder}/t4;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m; ssl_session_tickets on;
  server { listen 80; ${common} }
  server { listen 443 ssl http2; server_name one.test; ${pair('server')} ${common} }
  server { listen 443 ssl http2; server_name two.test; ${pair('other')} ${common} }
  server { listen 4443 ssl; ${pair('server')} ssl_client_certificate ${folder}/ca.pem; ssl_verify_client optional; ${common} }
  server { listen 8080 http2; ${common} }
}
`,
  );
  return listens(world, 443, start(world, ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]));
}

export function redis(world: World): Promise<Program> {
  const tls = ['--tls-port', '6380', '--tls-auth-clients', 'no'].concat(
    ['cert-file', 'server.pem', 'key-file', 'server-key.pem', 'ca-cert-file', 'ca.pem'].map((word, i) =>
      i % 2 === 0 ? `--tls-${word}` : join(world.folder, word),
    ),
  );
  const plain = ['--port', '6379', '--bind', '0.0.0.0', '--protected-mode', 'no', '--save', '', '--dir', world.folder];
  return listens(world, 6380, start(world, ['redis-server', ...plain, ...tls]));
}

export function mosquitto(world: World): Promise<Program> {
  const { folder } = world;
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(
    file,
    `user root
allow_anonymous true
max_queued_messages 0
max_inflight_messages 1000
listener 1883 0.0.0.0
listener 8883 0.0.0.0
cafile ${folder}/ca.pem
certfile ${folder}/server.pem
keyfile ${folder}/server-key.pem
listener 9001 0.0.0.0
protocol websockets
`,
  );
  return listens(world, 9001, start(world, ['mosquitto', '-c', file]));
}

/** Why PostgreSQL cannot run here: it refuses root, so it needs another user to be, and only root can become another. */
export function noPostgres(): string | undefined {
  if (postgresFolder() === undefined) return 'PostgreSQL is not installed';
  return postgresUser() === undefined ? 'PostgreSQL needs its user, and root to become it' : undefined;
}

function postgresFolder(): string | undefined {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort() : [];
  return versions.map((version) => `${base}/${version}/bin`).findLast((bin) => existsSync(`${bin}/initdb`));
}

function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** 5432, with and without TLS; user and database `test`. */
export async function postgres(world: World): Promise<Program> {
  const data = join(world.folder, 'postgres');
  const bin = postgresFolder()!;
  const { uid, gid } = postgresUser()!;
  const user = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  mkdirSync(data);
  chownSync(data, uid, gid);
  const made = world.lab.kernel.try(
    [
      'setpriv',
      ...user,
      '--',
      `${bin}/initdb`,
      '-D',
      data,
      '-U',
      'test',
      '-A',
      'trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ],
    { timeout: 60_000 },
  );
  if (made.code !== 0) throw new Error(`initdb: ${made.out} ${made.err}`);
  writeFileSync(join(data, 'pg_hba.conf'), 'host all all all trust\n');
  for (const file of ['server.pem', 'server-key.pem']) {
    copyFileSync(join(world.folder, file), join(data, file));
    chownSync(join(data, file), uid, gid);
    chmodSync(join(data, file), 0o600);
  }
  const settings = {
    listen_addresses: '*',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '250',
    shared_buffers: '16MB',
    ssl: 'on',
    ssl_cert_file: 'server.pem',
    ssl_key_file: 'server-key.pem',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return listens(world, 5432, start(world, [`${bin}/postgres`, '-D', data, ...args], user));
}
