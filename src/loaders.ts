import type { Decisions } from './access/decisions';
import type { Viewer } from './access/viewer';
import { billLoaders } from './billing/loaders';
import { DelegationStore } from './delegation/store';
import { membershipLoaders } from './directory/loaders';
import { DirectoryStore } from './directory/store';
import { launchLoaders } from './launch/loaders';
import { RecordStore } from './records/store';
import { childLoader, keyOf, rowLoader } from './row-loader';
import type { Statements } from './sql';

/** Everything that a request reads by key, each batched, and remembered until the request ends. */
export function createLoaders(statements: Statements, viewer: Viewer, decisions: Decisions) {
  const directory = new DirectoryStore(statements);
  const records = new RecordStore(statements);
  const delegation = new DelegationStore(statements);
  return {
    users: rowLoader((keys) => directory.users(keys)),
    clinics: rowLoader((keys) => directory.clinics(keys, viewer.now)),
    groups: rowLoader((keys) => directory.groups(keys)),
    patients: rowLoader((keys) => records.patients(keys)),
    visits: rowLoader((keys) => records.visits(keys)),
    encounters: rowLoader((keys) => records.encounters(keys)),
    encountersOfVisit: childLoader(async (keys) =>
      (await records.encountersOfVisits(keys)).map((row) => ({
        ...row,
        parentKey: keyOf({ clinicId: row.clinicId, id: row.visitId ?? '' }),
      })),
    ),
    delegationLists: rowLoader((keys) => delegation.lists(keys, viewer.now)),
    ...launchLoaders(statements, viewer),
    ...membershipLoaders(statements),
    ...billLoaders(statements, viewer, (provider, relation) => decisions.learn(provider, relation)),
  };
}

export type Loaders = ReturnType<typeof createLoaders>;
