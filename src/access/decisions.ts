import type { Logger } from 'pino';
import { forbidden } from '../errors';
import type { ProviderRef, RelationLoader } from './loader';
import { type Action, type ClinicAction, permits, permitsInClinic, type Relation } from './policy';
import { clinicRelations, type Viewer } from './viewer';

/** What one viewer may do, asked for sets of providers and answered from one batch. For one request. */
export class Decisions {
  /** How often a resolver handed out what the viewer may not have. */
  defects = 0;

  constructor(
    private readonly viewer: Viewer | null,
    private readonly relations: Pick<RelationLoader, 'load' | 'known' | 'learn'>,
    private readonly log: Logger,
  ) {}

  /** Whether the viewer may do it with what belongs to every one of these providers; with none: yes. Raises UNAVAILABLE. */
  async mayAll(action: Action, refs: readonly ProviderRef[]): Promise<boolean> {
    if (this.knowsMayAll(action, refs)) return true;
    const held = await Promise.all(refs.map((ref) => this.relations.load(ref)));
    return held.every((rows) =>
      permits(
        action,
        rows.map((row) => row.relation),
      ),
    );
  }

  /** Whether `mayAll` would answer yes from what is known already, without asking. False says nothing. */
  knowsMayAll(action: Action, refs: readonly ProviderRef[]): boolean {
    return refs.every((ref) => this.knowsMay(action, ref));
  }

  /** The same for what belongs to one provider: asked for every field of every bill. */
  knowsMay(action: Action, ref: ProviderRef): boolean {
    return permits(action, this.relations.known(ref) ?? []);
  }

  /** Takes over what a statement over bills found out: a relation to the provider, or none. */
  learn(ref: ProviderRef, relation: Relation | null): void {
    if (relation !== null) this.relations.learn(ref, relation);
  }

  /** Whether the viewer may do it with what belongs to the clinic as a whole. */
  mayInClinic(action: ClinicAction, clinicId: string): boolean {
    return this.viewer !== null && permitsInClinic(action, clinicRelations(this.viewer, clinicId));
  }

  /** The same as a demand. Raises FORBIDDEN. */
  requireInClinic(action: ClinicAction, clinicId: string): void {
    if (!this.mayInClinic(action, clinicId)) throw forbidden();
  }

  /** What `mayAll` answers, as a demand for one provider. Raises FORBIDDEN, UNAVAILABLE. */
  async require(action: Action, ref: ProviderRef): Promise<void> {
    if (!(await this.mayAll(action, [ref]))) throw forbidden();
  }

  /**
   * The wall behind the lists: they are filtered in SQL, so nothing that the viewer may not see should ever get here.
   * Where it does, a resolver is wrong: it is refused, and logged as a defect. Raises FORBIDDEN, UNAVAILABLE.
   */
  async confirm(action: Action, refs: readonly ProviderRef[]): Promise<void> {
    if (!(await this.mayAll(action, refs))) throw this.defect(action);
  }

  /** Logs that a resolver handed out what its viewer may not have; answers the refusal. */
  defect(what: string): Error {
    this.defects += 1;
    this.log.error(
      { defect: true, what },
      'a resolver handed out what its viewer may not have; it was refused',
    );
    return forbidden();
  }
}
