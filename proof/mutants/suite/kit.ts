import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Statements, Told } from '../../../src/sql';
import { queryAsTold } from '../../../src/told-query';

/** A decision that must come out as said: named by who, what and the answer. Raises when it does not. */
export interface DecisionCase {
  readonly name: string;
  readonly run: (kit: Kit) => Promise<void> | void;
}

/** The database of the cases, in three ways. */
export interface Kit {
  /** As the owner of the tables, for whom the row-level policies do not hold: the first wall alone. */
  readonly owner: Statements;
  /** As the API, with the policies: both walls. */
  readonly api: Statements;
  /** As the owner, with these settings for the time of the statement: what the policies read. */
  asTold<Row extends object>(settings: Readonly<Record<string, string>>, text: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** The id of whoever or whatever goes by that name. The same name is the same id in every clinic: twins. */
export function id(name: string): string {
  const hash = createHash('md5').update(name).digest('hex');
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

const names = new Map<string, string>();

/** The names behind ids, for answers that people can read. */
export function nameOf(uuid: string | null): string {
  return uuid === null ? '-' : (names.get(uuid) ?? uuid);
}

/** Remembers the names, so that nameOf knows them. */
export function remember(all: Iterable<string>): void {
  for (const name of all) names.set(id(name), name);
}

/** Calendar dates stay text, as in the product. */
const DATE_OID = 1082;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === DATE_OID
      ? (value: string) => value
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Opens the connections to a database in which writeWorld has been. `onError` is told what PostgreSQL refuses. */
export function openKit(
  urls: { readonly owner: string; readonly api: string },
  onError: (error: unknown) => void = () => undefined,
): Kit {
  const owner = new pg.Pool({ connectionString: urls.owner, max: 2, types });
  const options = '-c role=billing_api -c timezone=UTC';
  const api = new pg.Pool({ connectionString: urls.api, max: 1, options, types });
  // A connection for each: settings leave traces on one.
  const telling = new pg.Pool({ connectionString: urls.owner, max: 1, maxUses: 1 });
  for (const pool of [owner, api, telling]) pool.on('error', () => undefined);
  const noted = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      onError(error);
      throw error;
    }
  };
  const asApi = async <Row extends object>(
    text: string,
    values: readonly unknown[],
    told?: Told,
  ): Promise<Row[]> => {
    const client = await api.connect();
    try {
      if (told === undefined) return (await client.query<Row>(text, [...values])).rows;
      const name = createHash('sha256').update(text).digest('hex').slice(0, 40);
      return (await queryAsTold<Row>(client, { name, text, values }, told)).rows;
    } finally {
      client.release();
    }
  };
  const asTold = async <Row extends object>(
    settings: Readonly<Record<string, string>>,
    text: string,
  ): Promise<Row[]> => {
    const client = await telling.connect();
    try {
      await client.query('BEGIN');
      for (const [name, value] of Object.entries(settings)) {
        await client.query('SELECT set_config($1, $2, true)', [name, value]);
      }
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };
  return {
    owner: {
      query: <Row extends object>(text: string, values: readonly unknown[]) =>
        noted(owner.query<Row>(text, [...values]).then(({ rows }) => rows)),
    },
    api: { query: (text, values, told) => noted(asApi(text, values, told)) },
    asTold: (settings, text) => noted(asTold(settings, text)),
    close: async () => {
      await Promise.all([owner.end(), api.end(), telling.end()]);
    },
  };
}
