import { GraphQLError, GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLLocalDate } from 'graphql-scalars';

/** Exact decimal numbers as text; never a float on the way from the database to the client. */
export const DecimalScalar = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description:
    'An exact decimal number as a string, for example "77.49". Money is in the `currency` given beside it. Never a float.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'string' && /^-?\d{1,18}(\.\d{1,6})?$/.test(value)) return value;
    throw new GraphQLError('A Decimal is a string such as "77.49".');
  },
});

/** Calendar dates, the same in every time zone. */
export const DateScalar = new GraphQLScalarType({
  ...GraphQLLocalDate.toConfig(),
  name: 'Date',
  description: 'A calendar date, YYYY-MM-DD, for example "2026-03-30". It is the same in every time zone.',
});

/** Instants. */
export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'An instant in UTC, ISO 8601, for example "2026-03-30T14:05:00.000Z".',
});
