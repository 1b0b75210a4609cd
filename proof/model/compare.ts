import { isDeepStrictEqual } from 'node:util';
import type { Api, Reply } from '../api';
import { difference } from '../difference';
import type { Instant, User, World } from '../world';
import { pages, type Read, refused, surfaces, takeCursors } from './reads';

/** How much was compared. */
export interface Tally {
  /** Decisions about one bill, for one viewer, by one way. */
  decisions: number;
  /** Counts and sums. */
  figures: number;
}

/**
 * Compares what every viewer gets, at this instant, with what the oracle says; pages are walked in one direction.
 * Raises at the first difference.
 */
export async function compareAll(
  api: Api,
  { world, now }: { readonly world: World; readonly now: Instant },
  backward: boolean,
  tally: Tally,
): Promise<void> {
  const questions = world.users.flatMap((viewer) =>
    world.clinics.flatMap((clinic) =>
      viewer.clinicId === null || viewer.clinicId === clinic.id ? [{ world, viewer, clinic, now }] : [],
    ),
  );
  await Promise.all(
    questions.map(async (question) => {
      const { viewer } = question;
      const read = surfaces(question);
      const cursors = await compare(api, viewer, viewer.active ? read : refused(read, world), tally);
      if (viewer.active) await compare(api, viewer, pages(question, cursors, backward), tally);
    }),
  );
}

/** Asks and compares; answers the cursors of the clinic's list, where they were asked for. */
async function compare(api: Api, viewer: User, read: Read, tally: Tally): Promise<string[]> {
  const reply = await api.ask(viewer, read.query, read.variables);
  const cursors = takeCursors(reply.data);
  const codes = codesOf(reply);
  const came = { data: ordered(reply.data), codes };
  const expected = { data: ordered(read.data), codes: read.codes };
  if (!isDeepStrictEqual(came, expected)) {
    throw new Error(
      `${viewer.name} of clinic ${viewer.clinicId ?? '(support)'} got another answer than the oracle's:\n${difference(came, expected)}\n  errors:     ${JSON.stringify(reply.errors ?? []).slice(0, 500)}`,
    );
  }
  tally.decisions += read.decisions;
  tally.figures += read.figures;
  return cursors;
}

/** The codes of the errors, by the field on top of the answer that they are about. */
function codesOf(reply: Reply): Record<string, string> {
  return Object.fromEntries(
    (reply.errors ?? []).map(({ path, message, extensions }) => [
      path === undefined ? message : path.length === 1 ? String(path[0]) : path.join('.'),
      extensions.code,
    ]),
  );
}

/** Lists that the proof does not ask the order of, in one order: summaries, visits of one instant, grounds, viewers. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const free = ['summary', 'visits', 'grounds'].includes(key) || /^w\d+$/.test(key);
      return [key, free ? sorted(inner) : ordered(inner)];
    }),
  );
}

function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) {
    const nodes = (value as { nodes?: unknown } | null)?.nodes;
    return Array.isArray(nodes) ? { ...(value as object), nodes: sorted(nodes) } : value;
  }
  return value.map((item) => JSON.stringify(ordered(item))).sort();
}
