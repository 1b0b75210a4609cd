import { badUserInput } from '../errors';

const LONGEST_SEARCH = 200;

/**
 * The text to search names for, without the blanks around it; empty: every name. Raises BAD_USER_INPUT for what is
 * too long or holds a character that no name can hold.
 */
export function searchArgument(search: string | null | undefined): string {
  const text = (search ?? '').trim();
  if ([...text].length > LONGEST_SEARCH || text.includes('\0')) {
    throw badUserInput(`\`search\` takes at most ${LONGEST_SEARCH} characters of plain text.`);
  }
  return text;
}
