import { allow } from 'graphql-shield';
import { guardedWithKnownGrants } from '../../src/access/grant-known';
import * as schema from '../../src/schema';

/*
 * The product's own start, over the schema without its guards, as if every rule were `allow`: `buildGuardedSchema` is
 * replaced before main.js asks for it, so that everything else stays the same, whatever it becomes. For measuring alone.
 */
let replaced = false;
Object.defineProperty(schema, 'buildGuardedSchema', {
  value: () => {
    replaced = true;
    return guardedWithKnownGrants(
      schema.unguardedSchema(),
      (unguarded) => unguarded,
      () => allow,
    );
  },
});

// main.js says where it listens when it is done starting; by then it must have asked.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = ((text: string) => {
  if (/^\s*API\s/.test(text) && !replaced) {
    process.stderr.write(
      'main.js no longer makes its schema by buildGuardedSchema: this would have a shield.\n',
    );
    process.exit(1);
  }
  return write(text);
}) as typeof process.stdout.write;

require('../../src/main');
