// Must parse on old versions of Node: see start.mjs.

/** Ends the process with a clear message when this Node is older than what package.json asks for (20.19). */
export function requireNode() {
  const parts = process.versions.node.split('.').map(Number);
  if (parts[0] > 20 || (parts[0] === 20 && parts[1] >= 19)) return;
  process.stderr.write(
    `This program needs Node 20.19 or later; this is ${process.version}. See https://nodejs.org/\n`,
  );
  process.exit(1);
}
