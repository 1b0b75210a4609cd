// `npm start`: installs and builds what is missing, then runs the server until it is stopped.
// This file must parse on old versions of Node, so that they get a message instead of a syntax error.
import { requireNode } from './lib/node-version.mjs';

requireNode();
void import('./lib/start.mjs')
  .then((start) => start.main())
  .then((code) => {
    process.exitCode = code;
  });
