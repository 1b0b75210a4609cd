// `npm run proof [-- options]`: installs and builds what is missing, then shows that nobody sees a bill they may not.
// This file must parse on old versions of Node, so that they get a message instead of a syntax error.
import { requireNode } from './lib/node-version.mjs';

requireNode();
void import('./lib/proof.mjs')
  .then((proof) => proof.main())
  .then((code) => {
    process.exitCode = code;
  });
