// A certificate authority for one test run, made by the `openssl` command.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Identity {
  readonly certificate: string;
  /** PKCS#8, PEM. */
  readonly key: string;
}

export class Authority {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'certificates-'));
  readonly certificate: string;

  constructor(name = 'authority') {
    openssl(
      ['req', '-x509', ...freshKey, '-keyout', this.#path('ca.key'), '-out', this.#path('ca.pem'), '-days', '2'],
      name,
    );
    this.certificate = readFileSync(this.#path('ca.pem'), 'utf8');
  }

  /** For these names, `DNS:localhost` or `IP:127.0.0.1`; its key in a file of its own, encrypted when there is a password. */
  issue(name: string, alternatives: string, password?: string): Identity {
    const [key, certificate] = [this.#path(`${name}.key`), this.#path(`${name}.pem`)];
    const authority = ['-CA', this.#path('ca.pem'), '-CAkey', this.#path('ca.key'), '-days', '2'];
    const names = ['-addext', `subjectAltName=${alternatives}`, '-addext', 'basicConstraints=CA:FALSE'];
    openssl(['req', '-x509', ...freshKey, '-keyout', key, '-out', certificate, ...authority, ...names], name);
    const text = (path: string): string => readFileSync(path, 'utf8');
    if (password === undefined) return { certificate: text(certificate), key: text(key) };
    const locked = `${key}.locked`;
    run(['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', key, '-out', locked, '-passout', `pass:${password}`]);
    return { certificate: text(certificate), key: text(locked) };
  }

  /** The same as a PKCS12 file, whose path it gives. */
  pkcs12(name: string, { certificate, key }: Identity, keyPassword: string, password: string): string {
    const [pem, store] = [this.#path(`${name}.both.pem`), this.#path(`${name}.p12`)];
    writeFileSync(pem, key + certificate);
    run([
      'pkcs12',
      '-export',
      '-in',
      pem,
      '-passin',
      `pass:${keyPassword}`,
      '-out',
      store,
      '-passout',
      `pass:${password}`,
    ]);
    return store;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.dir, name);
  }
}

const freshKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(args: readonly string[], name: string): void {
  run([...args, '-subj', `/CN=${name}`]);
}

function run(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
