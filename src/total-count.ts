import { type ClassType, FieldResolver, Int, Resolver, Root } from 'type-graphql';

/** A connection that can say how long the whole list is; it counts only when asked. */
export interface Counted {
  readonly readTotal: () => Promise<number>;
}

/** The resolver of `totalCount` for a connection type. */
export function totalCountOf(connection: ClassType<Counted>, what: string) {
  @Resolver(() => connection)
  class TotalCountResolver {
    @FieldResolver(() => Int, { description: `How many ${what} the whole list has, whatever the page.` })
    totalCount(@Root() list: Counted): Promise<number> {
      return list.readTotal();
    }
  }
  return TotalCountResolver;
}
