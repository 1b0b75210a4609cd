import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** How a connection to PostgreSQL is protected, in libpq's words; the two of libpq that promise nothing are left out. */
export const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** What holds for every address that does not say so itself. */
export interface TlsSettings {
  readonly mode?: TlsMode | undefined;
  /** A file of certificates, PEM, that the server's own must descend from. */
  readonly caFile?: string | undefined;
}

/** What is wrong with an address, without any part of it. */
export class AddressError extends Error {}

/** Parameters of libpq that ask for protection which the driver leaves out without a word. */
const NOT_KEPT = new Set([
  'ssl',
  'requiressl',
  'requirepeer',
  'require_auth',
  'gssencmode',
  'channel_binding',
  'sslcrl',
  'sslcrldir',
  'sslpassword',
  'sslcertmode',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
]);
/** Their values that ask for nothing. */
const ASKS_NOTHING = /^(disable|prefer|allow|0|)$/;

/**
 * An address of PostgreSQL with its protection spelled out for the driver, so that `sslmode` means what it means to
 * libpq and psql: the driver on its own takes `require` for `verify-full`, and ignores what it does not know. An
 * address that says nothing, without settings that do, stays as it is. Raises AddressError for what cannot be kept:
 * nothing is silently less than was asked for.
 */
export function databaseAddress(address: string, settings: TlsSettings = {}): string {
  const at = address.indexOf('?');
  const given = new URLSearchParams(at < 0 ? '' : address.slice(at + 1));
  refuseUnkept(given);
  const mode = modeOf(given, settings);
  if (mode === null) return address;
  const caFile = oneOf('sslrootcert', given.get('sslrootcert'), settings.caFile);
  given.set('sslmode', mode);
  // Tells the driver to take the modes as libpq does.
  given.set('uselibpqcompat', 'true');
  given.delete('sslrootcert');
  if (mode === 'disable') {
    const material = ['sslcert', 'sslkey', 'sslnegotiation'].filter((name) => given.has(name));
    if (caFile !== null || material.length > 0) {
      throw new AddressError('sslmode=disable contradicts the certificates that are given with it');
    }
  } else {
    if (caFile !== null && caFile !== 'system') {
      assertCertificates(caFile);
      given.set('sslrootcert', caFile);
    } else if (mode === 'verify-ca') {
      throw new AddressError(
        'verify-ca needs the certificate of your authority: sslrootcert=FILE in the address, or DATABASE_CA_FILE',
      );
    } else if (caFile === 'system' && mode !== 'verify-full') {
      throw new AddressError('sslrootcert=system takes sslmode=verify-full');
    }
    assertClientFiles(given);
  }
  return `${at < 0 ? address : address.slice(0, at)}?${given}`;
}

/** Whether what goes to that address goes over a network as plain text. */
export function isPlainOverNetwork(address: string): boolean {
  const at = address.indexOf('?');
  const given = new URLSearchParams(at < 0 ? '' : address.slice(at + 1));
  if ((given.get('sslmode') ?? 'disable') !== 'disable') return false;
  const authority = /^\w+:\/\/([^/?]*)/.exec(address)?.[1] ?? '';
  const host = given.get('host') ?? authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return !/^(|localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|\/.*|%2f.*)$/i.test(host);
}

function modeOf(given: URLSearchParams, settings: TlsSettings): TlsMode | null {
  const own = given.get('sslmode');
  if (own !== null && !(TLS_MODES as readonly string[]).includes(own)) {
    throw new AddressError(
      `sslmode takes ${TLS_MODES.join(', ')}. With allow and prefer the connection may be plain text; no-verify is the driver's word for require`,
    );
  }
  const mode = oneOf('sslmode', own, settings.mode) as TlsMode | null;
  if (mode !== null) return mode;
  // Whoever gives certificates wants them looked at.
  const material = ['sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation'].some((name) => given.has(name));
  return material || settings.caFile !== undefined ? 'verify-full' : null;
}

/** What the address says, or else the setting. Two different answers are none. */
function oneOf(name: string, own: string | null, setting: string | undefined): string | null {
  if (own !== null && setting !== undefined && own !== setting) {
    throw new AddressError(`its ${name} contradicts DATABASE_TLS or DATABASE_CA_FILE; keep one of the two`);
  }
  return own ?? setting ?? null;
}

function refuseUnkept(given: URLSearchParams): void {
  for (const name of new Set(given.keys())) {
    const values = given.getAll(name);
    if (/^ssl|^uselibpqcompat$/.test(name) && values.length > 1) {
      throw new AddressError(`${name} is there twice`);
    }
    if (NOT_KEPT.has(name) && !values.every((value) => ASKS_NOTHING.test(value))) {
      throw new AddressError(`${name} is not supported; say what you need with sslmode and sslrootcert`);
    }
  }
  if ((given.get('uselibpqcompat') ?? 'true') !== 'true') {
    throw new AddressError('uselibpqcompat is always true here: sslmode means what it means to libpq');
  }
}

function assertClientFiles(given: URLSearchParams): void {
  const certificate = given.get('sslcert');
  const key = given.get('sslkey');
  if ((certificate === null) !== (key === null)) throw new AddressError('sslcert and sslkey go together');
  if (certificate !== null) assertCertificates(certificate);
  if (key !== null) read(key);
}

function assertCertificates(file: string): void {
  const text = read(file);
  try {
    new X509Certificate(text);
  } catch {
    throw new AddressError(`${file} holds no certificate in PEM form`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AddressError(
      code === 'ENOENT' ? `there is no file ${file}` : `the file ${file} cannot be read (${code})`,
    );
  }
}
