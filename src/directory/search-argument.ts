import { badUserInput } from '../errors';

const LONGEST_SEARCH = 200;

/**
 * The text to search names for, without the blanks around it; empty, where no search was given: every name. Raises
 * BAD_USER_INPUT for a search of nothing, for what is too long, or holds a character that no name can hold.
 */
export function searchArgument(search: string | null | undefined): string {
  if (search === null || search === undefined) return '';
  const text = search.trim();
  if (text === '')
    throw badUserInput('`search` is empty: give a part of a name, or leave it out for everybody.');
  if ([...text].length > LONGEST_SEARCH || text.includes('\0')) {
    throw badUserInput(`\`search\` takes at most ${LONGEST_SEARCH} characters of plain text.`);
  }
  return text;
}
