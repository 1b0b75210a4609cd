import type { GraphQLResolveInfo } from 'graphql';
import { Field, FieldResolver, ID, Info, InterfaceType, Resolver, Root } from 'type-graphql';
import { type NodeType, toGlobalId } from './global-id';

/** What has a global id. Rows carry their clinic and their own id; the global id is made of both and the type. */
@InterfaceType('Node', {
  description:
    'Something with an id that is unique over all types (https://relay.dev/graphql/objectidentification.htm).',
  resolveType: (value: { nodeType?: string }) => value.nodeType,
})
export abstract class NodeInterface {
  @Field(() => ID, {
    description: 'Opaque and unique over all types: for `node`, and for every argument that takes an id.',
  })
  id!: string;

  clinicId!: string | null;
}

/** Turns the ids of rows into global ids, for every type that is a Node. */
@Resolver(() => NodeInterface)
export class NodeIdResolver {
  @FieldResolver(() => ID)
  id(@Root() root: NodeInterface, @Info() info: GraphQLResolveInfo): string {
    return toGlobalId(info.parentType.name as NodeType, root.clinicId, root.id);
  }
}
