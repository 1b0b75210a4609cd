import { Field, ObjectType } from 'type-graphql';
import type { ProviderRef } from '../access/loader';
import { connectionTypes, type Page } from '../paging';
import { DelegateParty } from './delegate-party';
import { Group, User } from './types';

const users = connectionTypes('User', User, 'users');
const groups = connectionTypes('Group', Group, 'groups');

/** A page of users. */
@ObjectType({ description: 'A page of users.' })
export class UserConnection extends users.ConnectionBase {}

/** A page of groups. */
@ObjectType({ description: 'A page of groups.' })
export class GroupConnection extends groups.ConnectionBase {}

/** Who could be put on a provider's list, and who is there already. */
@ObjectType({ description: "A user or a group that can be put on a provider's delegation list." })
export class DelegateCandidate implements ProviderRef {
  /** Whose list it is about. */
  clinicId!: string;
  providerId!: string;

  @Field(() => DelegateParty, { description: 'The user or the group.' })
  delegate!: User | Group;

  @Field(() => Boolean, { description: 'Whether it is on the list already.' })
  listed!: boolean;

  @Field(() => Boolean, {
    description: 'Whether it is the provider, whose own bills need no delegation. Cannot be put on the list.',
  })
  self!: boolean;
}

const candidates = connectionTypes('DelegateCandidate', DelegateCandidate, 'candidates');

/** A page of candidates for one provider's list. */
@ObjectType({ description: 'A page of candidates, the best matches first.' })
export class DelegateCandidateConnection extends candidates.ConnectionBase implements ProviderRef {
  clinicId!: string;
  providerId!: string;
}

/**
 * The page with what its rows stand for. Rows that `load` answers null for are left out: they were deleted since
 * they were found.
 */
export async function withNodes<Row, Node>(
  page: Page<Row>,
  load: (rows: readonly Row[]) => Promise<readonly (Node | null)[]>,
): Promise<Page<Node>> {
  const loaded = await load(page.nodes);
  const edges = page.edges.flatMap(({ cursor }, index) => {
    const node = loaded[index];
    return node === null || node === undefined ? [] : [{ cursor, node }];
  });
  return { edges, nodes: edges.map((edge) => edge.node), pageInfo: page.pageInfo };
}
