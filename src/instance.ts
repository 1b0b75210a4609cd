/**
 * Makes a row an instance of its type's class. type-graphql copies a parent that is none before each resolver that it
 * calls, which on a page of bills is most of what its resolvers cost.
 */
export function instanceOf<Instance extends object>(
  type: abstract new () => Instance,
  row: Instance,
): Instance {
  return Object.setPrototypeOf(row, type.prototype) as Instance;
}
