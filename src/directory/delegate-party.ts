import { createUnionType } from 'type-graphql';
import { Group, User } from './types';

/** Who can be on a delegation list. */
export const DelegateParty = createUnionType({
  name: 'DelegateParty',
  description: 'Who can be a delegate: a user or a group.',
  types: () => [User, Group] as const,
  // Only users have a kind.
  resolveType: (value) => ('kind' in value ? 'User' : 'Group'),
});
