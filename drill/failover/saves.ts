import { setTimeout as pause } from 'node:timers/promises';
import type { ApiProcess } from './api';
import { type Allowed, readDashboard } from './reads';
import type { SentSave, Tally } from './tally';
import { NOTHING, type Pair } from './world';

/** Between two saves of one pair, in milliseconds: argon2 takes a core for tens of them. */
const BETWEEN_SAVES = 120;
const BETWEEN_READS = 60;

const ADD = `mutation DrillAdd($input: AddUserDelegateInput!) {
  saved: addUserDelegate(input: $input) { list { version } change { added { __typename } changed { __typename } } }
}`;
const REMOVE = `mutation DrillRemove($input: RemoveUserDelegateInput!) {
  saved: removeUserDelegate(input: $input) { list { version } change { removed { __typename } } }
}`;

interface Saved {
  readonly saved: {
    readonly change: {
      readonly added?: unknown[];
      readonly changed?: unknown[];
      readonly removed?: unknown[];
    };
  };
}

/** Whether the viewer is on the list, as far as anybody outside can know. */
type Standing = 'granted' | 'revoked' | 'unknown';

/**
 * Puts a viewer on a list and takes them off, over and over, and reads as the viewer all the while. Each entry has an
 * end of its own, far ahead, by which the history can tell every save from every other.
 */
export class PairLoad {
  private standing: Standing = 'revoked';
  /** Counts what may have changed the standing, so that a read can tell whether anything happened while it was asked. */
  private changes = 0;
  private serial = 0;

  constructor(
    private readonly pair: Pair,
    private readonly index: number,
    private readonly apis: readonly ApiProcess[],
    private readonly password: string,
    private readonly tally: Tally,
    private readonly signal: AbortSignal,
  ) {}

  /** Runs until the signal is aborted. */
  async run(): Promise<void> {
    await Promise.all([this.save(), this.read()]);
  }

  private async save(): Promise<void> {
    for (let turn = 0; !this.signal.aborted; turn += 1) {
      const end = this.newEnd();
      // After a save of unknown outcome too: a new end is a change whatever is there.
      if (!(await this.send(this.api(turn), 'ADD', end))) continue;
      await this.readNow(turn);
      if (!this.signal.aborted && (await this.send(this.api(turn + 1), 'REMOVE', end)))
        await this.readNow(turn);
    }
  }

  /** The very next requests after an acknowledged save, at every process. */
  private async readNow(turn: number): Promise<void> {
    for (const index of this.apis.keys()) await this.readAs(this.api(turn + index));
    await pause(BETWEEN_SAVES);
  }

  private async read(): Promise<void> {
    for (let turn = 0; !this.signal.aborted; turn += 1) {
      await this.readAs(this.api(turn));
      await pause(BETWEEN_READS);
    }
  }

  private readAs(api: ApiProcess): Promise<void> {
    const { granted } = this.pair;
    const [standing, changes] = [this.standing, this.changes];
    const allowed = (): Allowed => {
      if (changes !== this.changes || standing === 'unknown') return { most: granted, exactly: false };
      return { most: standing === 'granted' ? granted : NOTHING, exactly: true };
    };
    return readDashboard(api, this.pair.viewer, allowed, this.tally);
  }

  /** Sends one save; true when it was acknowledged. */
  private async send(api: ApiProcess, what: 'ADD' | 'REMOVE', end: string): Promise<boolean> {
    const { providerId, viewerId } = this.pair;
    const began = performance.now();
    const save: SentSave = { trace: traceOf(what, this.pair, end), at: began, outcome: 'sent' };
    this.tally.saves.push(save);
    this.become('unknown');
    const input = { providerId, userId: viewerId, password: this.password };
    const answer =
      what === 'ADD'
        ? await api.ask<Saved>(this.pair.admin, ADD, { input: { ...input, expiresAt: end } })
        : await api.ask<Saved>(this.pair.admin, REMOVE, { input });
    if (answer.codes.length > 0) {
      save.outcome = 'failed';
      this.tally.badAnswer('save', api.name, answer.codes);
      await pause(BETWEEN_SAVES);
      return false;
    }
    const { added = [], changed = [], removed = [] } = answer.data?.saved?.change ?? {};
    // What changes nothing leaves no trace; that this happens here at all is told.
    save.outcome = added.length + changed.length + removed.length > 0 ? 'acknowledged' : 'unchanged';
    this.become(what === 'ADD' ? 'granted' : 'revoked');
    this.tally.goodAnswer('save', api.name, began);
    return true;
  }

  private become(standing: Standing): void {
    this.standing = standing;
    this.changes += 1;
  }

  /** A whole second for each save of each pair, from 2090 on. */
  private newEnd(): string {
    this.serial += 1;
    return new Date(Date.UTC(2090 + this.index, 0, 1) + this.serial * 1000).toISOString();
  }

  private api(turn: number): ApiProcess {
    const api = this.apis[(this.index + turn) % this.apis.length];
    if (api === undefined) throw new Error('no API process');
    return api;
  }
}

/** How a save is found in the history: what it did, to which entry, with which end. */
export const traceOf = (
  what: 'ADD' | 'REMOVE',
  pair: Pick<Pair, 'providerRow' | 'viewerRow'>,
  end: string,
): string => `${what} ${pair.providerRow} ${pair.viewerRow} ${new Date(end).toISOString()}`;
