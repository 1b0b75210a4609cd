import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { operationOf, STYLES, waysOf } from '../../proof/paths/operation';
import { walk } from '../../proof/paths/walk';
import { KINDS, makePathWorld, type PathWorld } from '../../proof/paths/world';
import { writeWorld } from '../../proof/writer';
import { Tokens } from '../../src/identity/tokens';
import { unguardedSchema } from '../../src/schema';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { SIGNING_KEY } from '../support/server';
import { type Both, startBoth } from './compiled-support';

const DAY = 86_400_000_000n;
const NOW = BigInt(Date.now()) * 1000n;
/** Ways of up to so many fields, and so many of them in one operation. */
const LONGEST = 4;
const BATCH = 20;

describe('the corpus of the path proof', () => {
  let db: TestDatabase;
  let both: Both;
  let world: PathWorld;

  beforeAll(async () => {
    db = await createTestDatabase();
    world = makePathWorld(NOW - DAY);
    await writeWorld(db, world.world);
    both = await startBoth({ db });
  });
  afterAll(async () => {
    await both?.close();
    await db?.drop();
  });

  it.each(STYLES)(
    '%s: both executors answer every kind of viewer the same',
    async (style) => {
      const schema = unguardedSchema();
      const tokens = new Tokens(SIGNING_KEY, 60);
      const paths = walk(schema, LONGEST);
      let shown = 0;
      let refused = 0;
      for (let start = 0; start < paths.length; start += BATCH) {
        const ways = paths.slice(start, start + BATCH).flatMap((path) => waysOf(path, world));
        const query = operationOf(schema, ways, style);
        for (const kind of KINDS) {
          const { id, clinicId } = world.viewers[kind];
          const { token } = await tokens.issue({ userId: id, clinicId });
          const answer = await both.same(token, { query });
          expect(answer).toMatch(/^200 \{/);
          if (answer.includes('"errors"')) refused += 1;
          if (/"(number|billed)":"/.test(answer)) shown += 1;
        }
      }
      // So that nothing that went wrong as a whole passes for the same.
      expect(shown).toBeGreaterThan(style === 'aliases' ? -1 : 10);
      expect(refused).toBeGreaterThan(5);
    },
    120_000,
  );
});
