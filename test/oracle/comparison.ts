import type { TestDatabase } from '../support/database';
import { expectedNumbers, type Numbers, numbers } from './numbers';
import { Oracle, type OracleUser } from './oracle';
import { Sessions } from './sessions';
import { differences, expectedOf, type Walk, walk } from './ways';

/** How many bills of each other clinic are asked for by id: nobody but support gets one. */
const FOREIGN = 40;

/** How many viewers ask at the same time, so that the server and its database are both busy. */
const AT_ONCE = 3;

/** What the comparison of one clinic found. */
export interface Findings {
  /** Where the API and the oracle differ, in words. */
  readonly faults: string[];
  /** How many viewers the oracle gives a bill, and how many none: both must occur, or the comparison says little. */
  readonly sawSome: number;
  readonly sawNone: number;
}

/** Compares what a server answers with the oracle, for every viewer of a clinic. */
export class Comparison {
  private constructor(
    private readonly db: Pick<TestDatabase, 'query'>,
    private readonly sessions: Sessions,
    readonly oracle: Oracle,
  ) {}

  /** Reads the oracle from a database that stays as it is. */
  static async open(db: Pick<TestDatabase, 'query'>, server: { readonly url: string }): Promise<Comparison> {
    return new Comparison(db, new Sessions(server), await Oracle.read(db));
  }

  /** Those who may ask for the clinic: its active users who can sign in, and support. */
  viewersOf(name: string): OracleUser[] {
    const clinicId = this.oracle.clinic(name).id;
    return this.oracle.users.filter(
      (user) => user.active && user.signsIn && (user.clinicId === clinicId || user.clinicId === null),
    );
  }

  /** Goes all six ways as each viewer of the clinic. */
  async compareWays(name: string): Promise<Findings> {
    const clinic = await this.walkOf(name);
    const findings = { faults: [] as string[], sawSome: 0, sawNone: 0 };
    await this.asEach(name, async (person) => {
      const visible = this.oracle.visible(person, clinic.clinicId);
      findings[visible.length > 0 ? 'sawSome' : 'sawNone'] += 1;
      const seen = new Set(clinic.clinicIds.flatMap((id) => this.oracle.visible(person, id)));
      const expected = expectedOf(
        clinic.bills.filter((bill) => seen.has(bill)),
        clinic.clinicId,
      );
      const found = await walk(this.sessions, person, clinic);
      findings.faults.push(...differences(person.name, expected, found));
    });
    return findings;
  }

  /** Asks for every number as each viewer of the clinic; `check` gets what came and what should have come. */
  async compareNumbers(
    name: string,
    check: (came: Numbers & { who: string }, expected: Numbers & { who: string }) => void,
  ): Promise<void> {
    const clinic = await this.walkOf(name);
    await this.asEach(name, async (person) => {
      const came = await numbers(this.sessions, person, clinic);
      const expected = expectedNumbers(this.oracle.visible(person, clinic.clinicId), clinic);
      check({ who: person.name, ...came }, { who: person.name, ...expected });
    });
  }

  private async asEach(name: string, act: (person: OracleUser) => Promise<void>): Promise<void> {
    const waiting = this.viewersOf(name);
    const work = async (): Promise<void> => {
      for (let person = waiting.pop(); person !== undefined; person = waiting.pop()) await act(person);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** Everything there is to ask of a clinic, and some bills of the others. */
  private async walkOf(name: string): Promise<Walk & { readonly clinicIds: readonly string[] }> {
    const clinicId = this.oracle.clinic(name).id;
    const clinicIds = this.oracle.clinics.map((clinic) => clinic.id);
    const idsIn = async (table: string): Promise<string[]> => {
      const rows = await this.db.query<{ id: string }>(
        `SELECT id FROM ${table} WHERE clinic_id = $1 ORDER BY id`,
        [clinicId],
      );
      return rows.map((row) => row.id);
    };
    const ofClinic = (id: string) => this.oracle.bills.filter((bill) => bill.clinicId === id);
    const foreign = clinicIds.filter((id) => id !== clinicId).flatMap((id) => ofClinic(id).slice(0, FOREIGN));
    return {
      clinicId,
      clinicIds,
      patientIds: await idsIn('patients'),
      encounterIds: await idsIn('encounters'),
      bills: [...ofClinic(clinicId), ...foreign],
    };
  }
}
