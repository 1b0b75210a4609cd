import { withClient } from '../../src/embedded-database';
import { traceOf } from './saves';
import type { SentSave } from './tally';
import type { World } from './world';

/** What the history of the primary says of the saves that were sent. */
export interface Audit {
  /** Acknowledged, and not in the history. */
  readonly missing: readonly string[];
  /** In the history, and never sent. */
  readonly unsent: readonly string[];
  /** Failed as far as the client could tell, and done all the same: allowed, a client that got no answer asks again. */
  readonly doneAllTheSame: readonly string[];
}

/** Compares every save that was sent with the history, read straight from the primary. Raises the driver's error. */
export async function auditSaves(world: World, sent: readonly SentSave[]): Promise<Audit> {
  // What is acknowledged from here on may not be there yet when the history is read.
  const known = sent.map((save) => ({ ...save }));
  const traces = new Set<string>();
  await withClient(world.ownerUrl, async (client) => {
    const { rows } = await client.query<{
      action: string;
      provider: string;
      viewer: string;
      before: End;
      after: End;
    }>(
      `SELECT action, provider_id AS provider, user_id AS viewer, before, after FROM history
       WHERE clinic_id = $1 AND user_id = ANY ($2) AND action LIKE 'USER\\_DELEGATE\\_%'`,
      [world.pairs[0]?.clinicId, world.pairs.map((pair) => pair.viewerRow)],
    );
    for (const { action, provider, viewer, before, after } of rows) {
      const pair = { providerRow: provider, viewerRow: viewer };
      if (action === 'USER_DELEGATE_REMOVED') traces.add(traceOf('REMOVE', pair, before?.expiresAt ?? ''));
      else traces.add(traceOf('ADD', pair, after?.expiresAt ?? ''));
    }
  });
  const all = new Set(sent.map((save) => save.trace));
  return {
    missing: known
      .filter((save) => save.outcome === 'acknowledged' && !traces.has(save.trace))
      .map((save) => save.trace),
    unsent: [...traces].filter((trace) => !all.has(trace)),
    doneAllTheSame: known
      .filter((save) => save.outcome === 'failed' && traces.has(save.trace))
      .map((save) => save.trace),
  };
}

type End = { readonly expiresAt: string } | null;
