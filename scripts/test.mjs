// `npm test [-- jest's arguments]`: installs what is missing, then runs the tests.
// This file must parse on old versions of Node, so that they get a message instead of a syntax error.
import { requireNode } from './lib/node-version.mjs';

requireNode();
void import('./lib/test.mjs')
  .then((test) => test.main())
  .then((code) => {
    process.exitCode = code;
  });
