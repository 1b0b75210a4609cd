import { type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';

/** A field of an object type. */
export interface FieldOfType {
  readonly type: string;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Every field of every object type of a schema, but for GraphQL's own types. */
export function* objectFields(schema: GraphQLSchema): Generator<FieldOfType> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) yield { type: type.name, field };
  }
}
