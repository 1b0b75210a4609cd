import DataLoader from 'dataloader';
import { Parameters, type Statements } from '../sql';
import { RELATIONS, type Relation } from './policy';
import { type RelationRow, relationRows } from './relations';
import type { Viewer } from './viewer';

/** A provider of a clinic: what decides about a bill is whose it is. */
export interface ProviderRef {
  readonly clinicId: string;
  readonly providerId: string;
}

const keyOf = (ref: ProviderRef): string => `${ref.clinicId}/${ref.providerId}`;

/**
 * Answers for a batch of providers in which relations somebody stands to each, in one query. `userId` and `now`
 * name who asks and at which instant; a provider that does not exist gets no relation. Raises UNAVAILABLE.
 */
export async function loadRelations(
  statements: Statements,
  who: Pick<Viewer, 'userId' | 'now'>,
  refs: readonly ProviderRef[],
): Promise<RelationRow[][]> {
  const parameters = new Parameters();
  const clinics = parameters.add([...new Set(refs.map((ref) => ref.clinicId))], 'uuid[]');
  const providers = parameters.add([...new Set(refs.map((ref) => ref.providerId))], 'uuid[]');
  const question = {
    clinic: 'clinic.id',
    viewer: parameters.add(who.userId, 'uuid'),
    now: parameters.add(who.now, 'timestamptz'),
  };
  const rows = await statements.query<{
    clinic_id: string;
    provider_id: string;
    relation: Relation;
    group_id: string | null;
  }>(
    `SELECT clinic.id AS clinic_id, held.provider_id, held.relation, held.group_id
     FROM unnest(${clinics}) AS clinic (id)
     CROSS JOIN LATERAL (${relationRows(question, RELATIONS)}) held
     WHERE held.provider_id = ANY (${providers})`,
    parameters.values,
  );
  const found = new Map<string, RelationRow[]>();
  for (const row of rows) {
    const key = keyOf({ clinicId: row.clinic_id, providerId: row.provider_id });
    const held = found.get(key) ?? [];
    held.push({ relation: row.relation, groupId: row.group_id });
    found.set(key, held);
  }
  return refs.map((ref) => found.get(keyOf(ref)) ?? []);
}

/** One viewer's relations to providers, batched and remembered for one request only. */
export class RelationLoader {
  private readonly loader: DataLoader<ProviderRef, readonly RelationRow[], string>;
  /** By clinic and provider: every field of every bill looks here, and to put a key together takes longer than to look. */
  private readonly answered = new Map<string, Map<string, readonly Relation[]>>();

  constructor(statements: Statements, viewer: Viewer) {
    const answer = async (refs: readonly ProviderRef[]): Promise<RelationRow[][]> => {
      const answers = await loadRelations(statements, viewer, refs);
      for (const [index, ref] of refs.entries()) {
        this.answersOf(ref.clinicId).set(
          ref.providerId,
          (answers[index] ?? []).map((row) => row.relation),
        );
      }
      return answers;
    };
    this.loader = new DataLoader(answer, { cacheKeyFn: keyOf });
  }

  /** The relations in which the viewer stands to the provider; empty: none. Raises UNAVAILABLE. */
  load(ref: ProviderRef): Promise<readonly RelationRow[]> {
    return this.loader.load(ref);
  }

  /**
   * Relations in which the viewer is known to stand to the provider, by what was loaded or learnt. There may be others;
   * undefined: nothing is known yet.
   */
  known(ref: ProviderRef): readonly Relation[] | undefined {
    return this.answered.get(ref.clinicId)?.get(ref.providerId);
  }

  /** Remembers a relation that a statement over bills answered with its rows, by the same SQL as this loader's. */
  learn(ref: ProviderRef, relation: Relation): void {
    const answers = this.answersOf(ref.clinicId);
    if (!answers.has(ref.providerId)) answers.set(ref.providerId, [relation]);
  }

  /** Forgets what it knows. For a mutation that changed what decides access, before it reads again. */
  clear(): void {
    this.loader.clearAll();
    this.answered.clear();
  }

  private answersOf(clinicId: string): Map<string, readonly Relation[]> {
    let answers = this.answered.get(clinicId);
    if (answers === undefined) {
      answers = new Map();
      this.answered.set(clinicId, answers);
    }
    return answers;
  }
}
