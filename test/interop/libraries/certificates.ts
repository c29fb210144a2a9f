// A certificate authority for one test run: two names for SNI, a client, and a client that nobody signed.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

export const names = { server: 'one.test', other: 'two.test', client: 'a client' };

/** Writes ca, server, other, client and stranger (.pem and -key.pem) into `folder`. */
export function certificates(folder: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const self = (file: string, name: string): void =>
    openssl('req', '-x509', ...key, '-keyout', `${file}-key.pem`, '-out', `${file}.pem`, '-subj', `/CN=${name}`);
  self('ca', 'usertcp test authority');
  self('stranger', 'a stranger');
  for (const [file, name] of Object.entries(names)) {
    writeFileSync(`${folder}/${file}.ext`, `subjectAltName=DNS:${name.replace(' ', '-')},IP:10.99.0.1,IP:10.99.0.2\n`);
    openssl('req', ...key, '-keyout', `${file}-key.pem`, '-out', `${file}.csr`, '-subj', `/CN=${name}`);
    const signed = ['-in', `${file}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', ...signed, '-extfile', `${file}.ext`, '-out', `${file}.pem`);
  }
}
