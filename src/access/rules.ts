import { rule } from 'graphql-shield';
import type { Logger } from 'pino';
import { ApiError, unauthenticated, unavailable } from '../errors';
import type { Decisions } from './decisions';
import type { ProviderRef } from './loader';
import type { Action } from './policy';
import { reachesClinic, type Viewer } from './viewer';

/** What the rules need of a request's context. */
export interface AccessContext {
  readonly viewer: Viewer | null;
  /** Why there is no viewer, where it is another reason than not being signed in. */
  readonly viewerError: ApiError | null;
  readonly decisions: Decisions;
  readonly log: Logger;
}

/** A value of the graph that belongs to a clinic; null: to none, as support users. */
interface OfClinic {
  readonly clinicId: string | null;
}

/** A value computed from bills: whose bills went into it. */
interface OfProviders {
  readonly providers: readonly ProviderRef[];
}

/** Answers at once that a rule would let the field through, from what the request knows already. False says nothing. */
export type KnownGrant = (parent: unknown, context: AccessContext) => boolean;

const knownGrants = new WeakMap<object, KnownGrant>();

/** The known grant of a rule, where it has one; see grant-known.ts for what it is good for. */
export const knownGrantOf = (shieldRule: object): KnownGrant | undefined => knownGrants.get(shieldRule);

/**
 * Makes a shield rule of a check. Not cached by shield: its own caches give one parent's verdict to another, and the
 * loader behind the checks already asks once. A check answers true or raises the refusal. Any other error is an
 * outage, not a refusal: it is told as UNAVAILABLE and logged, since shield would turn it into "Not Authorised!" and
 * hide it. `known`, where given, must answer true only where the check would.
 */
function ruleOf<Parent>(
  name: string,
  check: (parent: Parent, context: AccessContext) => true | Promise<true>,
  known?: (parent: Parent, context: AccessContext) => boolean,
) {
  const shieldRule = rule(name, { cache: 'no_cache' })(
    async (parent: Parent, _args, context: AccessContext) => {
      try {
        return await check(parent, context);
      } catch (error) {
        // shield takes a returned error as the refusal and hides a thrown one.
        if (error instanceof ApiError) return error;
        context.log.error({ err: error, rule: name }, 'an access rule failed');
        return unavailable(error);
      }
    },
  );
  if (known !== undefined) knownGrants.set(shieldRule, known as KnownGrant);
  return shieldRule;
}

/** There is a viewer: a valid token of an active account. */
export const signedIn = ruleOf<unknown>(
  'signedIn',
  (_parent, context) => {
    if (context.viewer === null) throw context.viewerError ?? unauthenticated();
    return true;
  },
  (_parent, context) => context.viewer !== null,
);

/** The parent belongs to a clinic that the viewer reaches. */
export const inReachOfViewer = ruleOf<OfClinic>(
  'inReachOfViewer',
  (parent, context) => {
    if (context.viewer === null) throw context.viewerError ?? unauthenticated();
    if (!reachesClinic(context.viewer, parent.clinicId)) throw context.decisions.defect('another clinic');
    return true;
  },
  (parent, context) => context.viewer !== null && reachesClinic(context.viewer, parent.clinicId),
);

/** The parent is a bill, or a part of one, that the viewer may see. */
export const viewsBill = ruleOf<ProviderRef>(
  'viewsBill',
  (parent, context) => confirm('VIEW_BILL', [parent], context),
  (parent, context) => context.decisions.knowsMay('VIEW_BILL', parent),
);

/** The parent was computed from bills; the viewer may see all of them. */
export const viewsEveryBillBehind = ruleOf<OfProviders>(
  'viewsEveryBillBehind',
  (parent, context) => confirm('VIEW_BILL', parent.providers, context),
  (parent, context) =>
    context.viewer !== null && context.decisions.knowsMayAll('VIEW_BILL', parent.providers),
);

/** The parent is part of a provider's delegation list, or was made for it; the viewer may read that list. */
export const readsDelegationList = ruleOf<ProviderRef>('readsDelegationList', (parent, context) =>
  confirm('READ_DELEGATION_LIST', [parent], context),
);

/** The parent is an entry of the history, to somebody who may read the clinic's or that of the list it is about. */
export const readsHistory = ruleOf<{ readonly clinicId: string; readonly entryProviderId: string | null }>(
  'readsHistory',
  ({ clinicId, entryProviderId }, context) => {
    if (context.decisions.mayInClinic('READ_CLINIC_HISTORY', clinicId)) return true;
    if (entryProviderId === null) throw context.decisions.defect('READ_CLINIC_HISTORY');
    return confirm('READ_DELEGATION_LIST', [{ clinicId, providerId: entryProviderId }], context);
  },
);

/** The parent explains who sees a bill, to somebody who may know. */
export const explainsBill = ruleOf<ProviderRef & { readonly aboutUserId: string }>(
  'explainsBill',
  async (parent, context) => {
    const aboutSelf = parent.aboutUserId === context.viewer?.userId;
    if (aboutSelf && (await context.decisions.mayAll('VIEW_BILL', [parent]))) return true;
    return confirm('EXPLAIN_BILL_ACCESS', [parent], context);
  },
);

/** The parent tells who sees a provider's bills, to somebody who may know it of anybody. */
export const tellsWhoSeesBills = ruleOf<ProviderRef>('tellsWhoSeesBills', (parent, context) =>
  confirm('EXPLAIN_BILL_ACCESS', [parent], context),
);

/** The parent tells what the launch of a clinic will bring; the viewer may know. */
export const readsLaunchReadiness = ruleOf<{ readonly clinicId: string }>(
  'readsLaunchReadiness',
  (parent, context) => {
    if (context.viewer === null) throw context.viewerError ?? unauthenticated();
    if (!context.decisions.mayInClinic('READ_LAUNCH_READINESS', parent.clinicId)) {
      throw context.decisions.defect('READ_LAUNCH_READINESS');
    }
    return true;
  },
);

async function confirm(action: Action, refs: readonly ProviderRef[], context: AccessContext): Promise<true> {
  if (context.viewer === null) throw context.viewerError ?? unauthenticated();
  await context.decisions.confirm(action, refs);
  return true;
}
