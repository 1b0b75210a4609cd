import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Api, startApi } from '../../proof/api';
import { runModel } from '../../proof/model/run';

/** The worlds of this size are the same in every run; `npm run proof` makes others, and as many as wanted. */
const WORLDS = Number(process.env.PROOF_WORLDS ?? 200);
const SEED = 20_261_125;
/** Smaller than those of `npm run proof`, so that 200 of them take a minute or so. */
const SIZE = { bills: 6, commands: 3 };

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api?.close());

test(`${WORLDS} random worlds: whatever is done to them, everybody sees what the oracle says`, async () => {
  const result = await runModel(api, { worlds: WORLDS, seed: SEED, ...SIZE });
  if (result.failure !== null) throw new Error(result.failure);
  expect(result.worlds).toBe(WORLDS);
  expect(result.decisions).toBeGreaterThan(WORLDS * 100);
}, 600_000);
