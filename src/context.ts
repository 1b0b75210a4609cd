import type { Logger } from 'pino';
import { Decisions } from './access/decisions';
import { RelationLoader } from './access/loader';
import type { AccessContext } from './access/rules';
import type { Viewer } from './access/viewer';
import { Audit } from './audit';
import { type ApiError, unauthenticated } from './errors';
import type { Credential } from './identity/bearer';
import type { Confirmation } from './identity/confirmation';
import type { SignInService } from './identity/sign-in';
import { createLoaders, type Loaders } from './loaders';
import type { Statements, Told, Transactions } from './sql';

/** What lives as long as the process and holds nothing of any request. */
export interface Services {
  readonly signIn: SignInService;
  readonly confirmation: Confirmation;
}

/** Counts the statements of one request. */
export class CountedStatements implements Transactions {
  count = 0;

  constructor(private readonly statements: Transactions) {}

  transaction<Result>(work: (transaction: Statements) => Promise<Result>): Promise<Result> {
    return this.statements.transaction((transaction) =>
      work({
        query: (text, values) => {
          this.count += 1;
          return transaction.query(text, values);
        },
      }),
    );
  }

  query<Row extends object>(text: string, values: readonly unknown[], told?: Told): Promise<Row[]> {
    this.count += 1;
    return this.statements.query<Row>(text, values, told);
  }
}

/** Everything that belongs to one request: who asks, at which instant, and what was read for it already. */
export class RequestContext implements AccessContext {
  readonly decisions: Decisions;
  /** What was shown of bills. */
  readonly audit = new Audit();
  private readonly relationLoader: RelationLoader | null;
  private viewerLoaders: Loaders | null;

  constructor(
    readonly viewer: Viewer | null,
    readonly viewerError: ApiError | null,
    readonly statements: CountedStatements,
    readonly services: Services,
    readonly request: { readonly id: string; readonly address: string },
    readonly log: Logger,
    /** What came with the request to show who sent it; null: nothing valid. */
    readonly credential: Credential | null = null,
  ) {
    this.relationLoader = viewer && new RelationLoader(statements, viewer);
    // Nobody stands in no relation to anything.
    this.decisions = new Decisions(
      viewer,
      this.relationLoader ?? { load: () => Promise.resolve([]), known: () => [], learn: () => undefined },
      log,
    );
    this.viewerLoaders = viewer && createLoaders(statements, viewer, this.decisions);
  }

  /** The viewer. Raises UNAUTHENTICATED (or why there is none). */
  get signedInViewer(): Viewer {
    if (this.viewer === null) throw this.viewerError ?? unauthenticated();
    return this.viewer;
  }

  /** Forgets what was read so far: called after every change, so that nothing in the same request answers from before it. */
  forget(): void {
    this.viewerLoaders = this.viewer && createLoaders(this.statements, this.viewer, this.decisions);
    this.relationLoader?.clear();
  }

  /** The loaders of the viewer. Raises UNAUTHENTICATED (or why there is none). */
  get loaders(): Loaders {
    if (this.viewerLoaders === null) throw this.viewerError ?? unauthenticated();
    return this.viewerLoaders;
  }
}
