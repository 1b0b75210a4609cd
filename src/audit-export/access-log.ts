import type { ClientBase } from 'pg';
import { AuditExportError } from './error';
import { linesOf } from './lines';
import type { Content } from './records';
import type { Scope } from './scope';

/** Who can be in the log: names by id. */
export interface People {
  /** The clinic's users. */
  readonly users: ReadonlyMap<string, string>;
  readonly supportUsers: ReadonlyMap<string, string>;
}

/** What was read of the log and is no record: told to the person at the terminal. */
export interface Unread {
  /** Lines that are no JSON: another program's, or cut off. */
  lines: number;
  /** Of these, the first one that looks like part of the access log. */
  cut: string | null;
}

/** The users of a clinic and the support users, by id. */
export async function peopleOf(client: ClientBase, clinicId: string): Promise<People> {
  const named = async (sql: string, values: unknown[]): Promise<ReadonlyMap<string, string>> => {
    const { rows } = await client.query<{ id: string; name: string }>(sql, values);
    return new Map(rows.map(({ id, name }) => [id, name]));
  };
  return {
    users: await named('SELECT id, name FROM users WHERE clinic_id = $1', [clinicId]),
    supportUsers: await named('SELECT id, name FROM support_users', []),
  };
}

/**
 * What the server's log (JSON, one object a line) says of who was shown bills of this clinic, and of which requests of
 * the clinic's users were refused, in the order of the log. Raises AuditExportError for a line that is not of that form.
 */
export async function* accessRecords(
  file: string,
  scope: Scope,
  people: People,
  unread: Unread,
): AsyncGenerator<Content> {
  for await (const { number, text } of linesOf(file)) {
    const line = objectOf(text);
    if (line === null) {
      if (text.trim() !== '') unread.lines += 1;
      if (text.includes('"audit":true')) unread.cut ??= `${file} line ${number}`;
      continue;
    }
    if (line.audit !== true) continue;
    const record = recordOf(line, scope, people);
    if (record === 'malformed') {
      throw new AuditExportError(
        `${file} line ${number} has "audit": true and not the form of this server's access log.`,
      );
    }
    if (record !== null) yield record;
  }
}

function recordOf(line: Record<string, unknown>, scope: Scope, people: People): Content | null | 'malformed' {
  const at = instant(line.time);
  const viewerId = textOrNull(line.viewer);
  if (at === null) return 'malformed';
  const shown = 'surface' in line;
  const isOurs = shown ? line.clinic === scope.clinic.id : people.users.has(viewerId ?? '');
  if (!isOurs || (scope.from !== null && at < scope.from) || (scope.to !== null && at >= scope.to))
    return null;
  const common = {
    at,
    viewerId,
    viewerName: people.users.get(viewerId ?? '') ?? people.supportUsers.get(viewerId ?? '') ?? null,
    requestId: textOrNull(line.requestId),
  };
  if (!shown) {
    if (!isTexts(line.codes) || !isTexts(line.paths) || !isCount(line.fields)) return 'malformed';
    return {
      kind: 'refusal',
      ...common,
      address: textOrNull(line.address),
      codes: line.codes,
      paths: line.paths,
      fields: line.fields,
    };
  }
  const { parents, providers, patients, bills } = line;
  if (!isTexts(parents) || !isTexts(providers) || !isTexts(patients) || !isCount(bills)) return 'malformed';
  return {
    kind: 'access',
    ...common,
    surface: textOrNull(line.surface),
    bills,
    parentIds: parents,
    providerIds: providers,
    patientIds: patients,
  };
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The log has milliseconds; with zeros behind them, the order of the text is that of the instants. */
function instant(value: unknown): string | null {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return null;
  return new Date(value).toISOString().replace('Z', '000Z');
}

const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
