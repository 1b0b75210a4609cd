import type { GraphQLSchema } from 'graphql';
import { type Choice, choicesOf } from './graph';
import { endFields, type Path } from './walk';
import type { PathWorld } from './world';

/** How an operation is written: all of these ask for the same. */
export const STYLES = [
  'plain',
  'aliases',
  'named fragments',
  'inline fragments',
  'untyped fragments',
  'directives',
] as const;

export type Style = (typeof STYLES)[number];

/** A path with its arguments given: one choice for each step. */
export interface Way {
  readonly path: Path;
  readonly choices: readonly Choice[];
}

/** A path with its arguments, in every way that the choices allow. */
export function waysOf(path: Path, world: PathWorld): Way[] {
  return path
    .map((step, index) => choicesOf(world, step.parent, step.field, step.type, path[index + 1]?.field ?? ''))
    .reduce<Choice[][]>(
      (ways, choices) => ways.flatMap((way) => choices.map((choice) => [...way, choice])),
      [[]],
    )
    .map((choices) => ({ path, choices }));
}

/** The name under which a field comes back, in that style. */
export const aliasOf = (style: Style, field: string): string => (style === 'aliases' ? `a_${field}` : field);

/** The operation that asks for the ends of all ways, each under `p0`, `p1` ... */
export function operationOf(schema: GraphQLSchema, ways: readonly Way[], style: Style): string {
  const fragments: string[] = [];
  const named = (field: string): string => (style === 'aliases' ? `a_${field}: ${field}` : field);
  const condition = style === 'directives' ? ' @include(if: $yes) @skip(if: $no)' : '';
  const within = (type: string, fields: string): string => {
    switch (style) {
      case 'inline fragments':
        return `{ ... on ${type} { ${fields} } }`;
      case 'untyped fragments':
        return `{ ... { ... @include(if: true) { ${fields} } } }`;
      case 'named fragments':
        fragments.push(`fragment f${fragments.length} on ${type} { ${fields} }`);
        return `{ ...f${fragments.length - 1} }`;
      case 'directives':
        // What is skipped must not come back, nor change what does.
        return `{ ${fields} gone: __typename @skip(if: $yes) ... @include(if: $no) { left: __typename } }`;
      default:
        return `{ ${fields} }`;
    }
  };
  const fields = ways.map(({ path, choices }, index) => {
    const end = path.at(-1)?.type ?? '';
    const values = endFields(schema, end).map(({ field, part }) => `${named(field)}${condition} ${part}`);
    let selection = within(end, values.join(' '));
    for (const [place, step] of [...path.entries()].reverse()) {
      const inner = step.narrowed ? `{ ... on Node { ... on ${step.type} ${selection} } }` : selection;
      const args = choices[place]?.text ?? '';
      const field = place === 0 ? `p${index}: ${step.field}` : named(step.field);
      const text = `${field}${args}${condition} ${inner}`;
      selection = place === 0 ? text : within(step.parent, text);
    }
    return selection;
  });
  const variables = style === 'directives' ? '($yes: Boolean! = true, $no: Boolean! = false)' : '';
  return `query Paths${variables} { ${fields.join('\n')} }\n${fragments.join('\n')}`;
}
