import { CriticalityLevel, diff } from '@graphql-inspector/core';
import type { GraphQLSchema } from 'graphql';

/** A change of the schema that can break a client. */
export interface BreakingChange {
  /** `Type.field`, `Type.field.argument`, `Enum.VALUE`: what the changelog names it by. */
  readonly path: string;
  readonly message: string;
}

/**
 * The breaking changes from one schema to another that the changelog does not declare: none of whose paths stand in
 * backticks in the section "Breaking" of its unreleased part.
 */
export async function undeclaredBreakingChanges(
  released: GraphQLSchema,
  current: GraphQLSchema,
  changelog: string,
): Promise<BreakingChange[]> {
  const declared = declaredPaths(changelog);
  return (await diff(released, current)).flatMap(({ criticality, message, path = message }) =>
    criticality.level === CriticalityLevel.Breaking && !declared.has(path) ? [{ path, message }] : [],
  );
}

/** What stands in backticks in the section "Breaking" of the unreleased part of a changelog. */
export function declaredPaths(changelog: string): ReadonlySet<string> {
  const unreleased = sectionOf(changelog, '## ', /^\[?unreleased\]?$/i);
  const breaking = sectionOf(unreleased, '### ', /^breaking$/i);
  return new Set([...breaking.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path));
}

/** The text below a heading of this level, up to the next one of the level; empty where there is none. */
function sectionOf(text: string, level: string, title: RegExp): string {
  const lines = text.split(/\r?\n/);
  const isHeading = (line: string): boolean => line.startsWith(level);
  const start = lines.findIndex((line) => isHeading(line) && title.test(line.slice(level.length).trim()));
  if (start < 0) return '';
  const length = lines.slice(start + 1).findIndex(isHeading);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}
