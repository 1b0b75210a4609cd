import { knownGrantsOf } from './access/grant-known';
import type { AccessContext } from './access/rules';
import type { Selected } from './look-ahead';

/** What PostgreSQL wrote of one object, in JSON: the values of a selection, under the names that it gives them. */
export interface WrittenAs {
  /** The same for all selections whose texts are alike. */
  readonly form: string;
  readonly text: string;
}

const forms = new WeakMap<Selected, string>();

/** Tells in which form objects are written for a selection. */
export function writtenAs(selection: Selected, form: string): void {
  forms.set(selection, form);
}

/** A value of an answer that is written already. */
export class Written {
  constructor(readonly text: string) {}

  /** For whoever takes the answer as values after all. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/**
 * The text of an object that was written for this selection, where every rule on every field of it is known to
 * grant the object to the viewer; undefined otherwise, and then each field is asked for, behind its rule.
 */
export function writtenOf(value: unknown, selection: Selected, context: AccessContext): Written | undefined {
  const written = (value as { readonly written?: WrittenAs }).written;
  if (written === undefined || written.form !== forms.get(selection)) return undefined;
  const granted = knownGrantsOf(selection)?.every((known) => known(value, context)) ?? false;
  return granted ? new Written(written.text) : undefined;
}

/** The answers that hold something written. */
const holding = new WeakSet<object>();

/** Notes that something in an answer is written. */
export function holdsWritten(data: object): void {
  holding.add(data);
}

/** An answer as JSON, with what is written in it as it is. */
export function stringifyAnswer(answer: { readonly data?: object | null }): string {
  const text = answer.data && holding.has(answer.data) ? textOf(answer) : JSON.stringify(answer);
  return `${text}\n`;
}

/** What JSON.stringify makes of it, but for what is written. */
function textOf(value: unknown): string | undefined {
  if (value instanceof Written) return value.text;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const text = textOf(member);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
