import { v5 as uuidV5 } from 'uuid';

/** The namespace of all ids of the demo: a random UUID, fixed for good. */
const NAMESPACE = '5b0c1f2e-8d0a-4a63-9e57-0f6b2c9d7e14';

/** The id of a thing of the demo: the same on every machine and in every run. */
export function demoId(...path: readonly (string | number)[]): string {
  return uuidV5(path.join('/'), NAMESPACE);
}
