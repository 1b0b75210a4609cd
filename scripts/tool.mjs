// `npm run import`, `npm run migrate` and the like: installs and builds what is missing, then runs one of the server's
// tools: node scripts/tool.mjs dist/src/....js [arguments]. Must parse on old versions of Node: see start.mjs.
import { requireNode } from './lib/node-version.mjs';

requireNode();
void import('./lib/tool.mjs')
  .then((tool) => tool.main())
  .then((code) => {
    process.exitCode = code;
  });
