import type { KeysetSql } from '../../paging';
import { allOf } from '../../sql';

/** Of how many providers a bound is probed: more make the bound closer and the probing dearer. */
const PROBED = 100;

/**
 * SQL of the newest (or, backward, oldest) bills of a clinic, at most `keyset.limit`, as rows (id, service_date): what
 * `permitted`, `permittedProviders` as a table expression of the statement, lets through. `visible` and `selected` are
 * conditions over `bills b`; `selected` is the part of `visible` that is not about who may see.
 *
 * Reading the viewer's bills and sorting them costs more with every bill; reading a clinic's newest bills until enough
 * are visible costs a viewer who sees few the whole table. So, by an index on (clinic, provider, date, id):
 * - A few of the newest bills of some of the providers are probed. Any `limit` visible bills give a bound: the page
 *   has no bill older than the oldest of them.
 * - All visible bills at the bound or newer are read, ties too, and the first `limit` kept.
 * - Where the probe found fewer, each provider's first `limit` bills are merged: there are few, or few providers.
 * - A viewer of every provider of the clinic reads its newest bills as they stand, by an index on (clinic, date, id).
 * Each way is a branch that is not begun when it is not the one. OFFSET 0 keeps the second from being read in order of
 * date over everybody's bills.
 */
export function newestKeys(keyset: KeysetSql, clinic: string, visible: string, selected: string): string {
  const matches = allOf([selected, keyset.condition]);
  const outer = keyset.orderBy.replaceAll('b.', '');
  const first = `ORDER BY ${keyset.orderBy} LIMIT ${keyset.limit}`;
  const notOlder = keyset.descends ? '>=' : '<=';
  const ofProvider = (provider: string, columns: string, condition: string): string =>
    `SELECT ${columns} FROM bills b
     WHERE b.clinic_id = ${clinic} AND b.provider_id = ${provider}.provider_id AND ${condition}`;
  return `WITH every AS MATERIALIZED (
      SELECT count(*) AS count,
        count(*) = (SELECT count(*) FROM providers p WHERE p.clinic_id = ${clinic}) AS provider
      FROM permitted),
    bound AS MATERIALIZED (
      SELECT probe.service_date
      FROM (SELECT provider_id FROM permitted WHERE NOT (SELECT provider FROM every) LIMIT ${PROBED}) probed
      CROSS JOIN LATERAL (
        ${ofProvider('probed', 'b.service_date', matches)} ORDER BY ${keyset.orderBy}
        LIMIT (SELECT greatest(2, ceil(2.0 * ${keyset.limit} / nullif(least(count, ${PROBED}), 0))) FROM every)) probe
      ORDER BY 1 ${keyset.descends ? 'DESC' : 'ASC'} OFFSET ${keyset.limit} - 1 LIMIT 1)
    SELECT id, service_date FROM (
      (SELECT b.id, b.service_date FROM bills b
       WHERE (SELECT provider FROM every) AND ${visible} AND ${keyset.condition} ${first})
      UNION ALL
      (SELECT * FROM (
         SELECT b.id, b.service_date FROM bills b
         WHERE EXISTS (SELECT FROM bound) AND ${visible} AND ${keyset.condition}
           AND b.service_date ${notOlder} (SELECT service_date FROM bound) OFFSET 0) b ${first})
      UNION ALL
      (SELECT merged.id, merged.service_date FROM permitted
       CROSS JOIN LATERAL (
         ${ofProvider('permitted', 'b.id, b.service_date', `${matches} AND NOT EXISTS (SELECT FROM bound)`)} ${first}) merged
       WHERE NOT (SELECT provider FROM every))
    ) found ORDER BY ${outer} LIMIT ${keyset.limit}`;
}
