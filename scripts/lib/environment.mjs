import path from 'node:path';
import { root } from './run.mjs';

/**
 * The environment of the server and its tools: production unless said otherwise. A data folder that the user gave
 * counts from the folder where they typed the command; the default one lies in the clone.
 */
export function environment() {
  const typedIn = process.env.npm_lifecycle_event ? (process.env.INIT_CWD ?? '.') : '.';
  return {
    ...process.env,
    NODE_ENV: process.env.NODE_ENV || 'production',
    DATA_DIR: process.env.DATA_DIR ? path.resolve(typedIn, process.env.DATA_DIR) : path.join(root, '.data'),
  };
}
