import { permitting } from '../../../src/access/policy';
import { relationRows } from '../../../src/access/relations';

/**
 * What the contestants' statements have in common. In every one of them $1 is the clinic and $2 the viewer, and they run
 * as the owner of the tables: the rule below is all that guards them.
 */

const WAYS = relationRows({ clinic: '$1::uuid', viewer: '$2::uuid', now: 'now()' }, permitting('VIEW_BILL'));

/** SQL: one column, the providers of the clinic whose bills the viewer may see. The product's own rule. */
export const PERMITTED_PROVIDERS = `SELECT DISTINCT provider_id FROM (${WAYS}) ways`;

/** A CTE that finds the viewer's providers once for a statement. */
export const PERMITTED = `permitted AS MATERIALIZED (${PERMITTED_PROVIDERS})`;

/** SQL condition in a statement with PERMITTED: the bill that `alias` stands for is one that the viewer may see. */
export const isPermitted = (alias: string): string =>
  `${alias}.clinic_id = $1 AND ${alias}.provider_id = ANY (ARRAY(SELECT provider_id FROM permitted))`;

const LEAST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * CTEs that end in `winners`: the keys of the newest $3 bills that the viewer may see. About twice as many keys as are
 * wanted are read from the tops of the providers' indexes; the last of the newest $3 of them bounds the page from below,
 * because no key under it can be among the newest $3 of all. Then come all keys down to the bound, provider by provider.
 */
export const NEWEST_BILLS = `${PERMITTED},
  probe AS MATERIALIZED (
    SELECT top.service_date, top.id FROM permitted CROSS JOIN LATERAL (
      SELECT b.service_date, b.id FROM bills b
      WHERE b.clinic_id = $1 AND b.provider_id = permitted.provider_id
      ORDER BY b.service_date DESC, b.id DESC
      LIMIT (SELECT greatest(1, ceil(2.0 * $3::int / count(*)))::bigint FROM permitted)) top),
  bound AS MATERIALIZED (
    SELECT service_date, id FROM probe ORDER BY service_date DESC, id DESC OFFSET $3::int - 1 LIMIT 1),
  winners AS MATERIALIZED (
    SELECT top.service_date, top.id FROM permitted CROSS JOIN LATERAL (
      SELECT b.service_date, b.id FROM bills b
      WHERE b.clinic_id = $1 AND b.provider_id = permitted.provider_id
        AND (b.service_date, b.id) >= (coalesce((SELECT service_date FROM bound), '-infinity'),
                                       coalesce((SELECT id FROM bound), '${LEAST_ID}'))
      ORDER BY b.service_date DESC, b.id DESC LIMIT $3::int) top
    ORDER BY top.service_date DESC, top.id DESC LIMIT $3::int)`;
