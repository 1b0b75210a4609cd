// GraphiQL keeps tabs and history in localStorage, across sign-outs. An operation may carry a password (`signIn`,
// or a change that asks for confirmation), and that must not stay on the machine.
const SECRET =
  /(\b\w*(?:password|token)\w*"?\s*:\s*(?:String!?\s*=\s*)?)("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*")/gi;

const PREFIX = 'graphiql:';
/** What GraphiQL stores as JSON with queries and variables as strings inside; everything else is plain text. */
const STORED_AS_JSON = new Set(['graphiql:tabState', 'graphiql:queries', 'graphiql:favorites']);

/** The text of a query or of variables with every password and token in it blanked. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '$1""');
}

/** The value that is kept under a key of GraphiQL's: the same, with every password and token blanked. */
export function toKeep(key: string, value: string): string {
  if (!STORED_AS_JSON.has(key)) {
    return withoutSecrets(value);
  }
  return JSON.stringify(
    JSON.parse(value, (_name, part: unknown) => (typeof part === 'string' ? withoutSecrets(part) : part)),
  );
}

function ownKeys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

/** localStorage for GraphiQL's own state, secrets left out. */
export const graphiqlStorage = {
  getItem: (key: string) => localStorage.getItem(key),
  setItem: (key: string, value: string) => localStorage.setItem(key, toKeep(key, value)),
  removeItem: (key: string) => localStorage.removeItem(key),
  clear: () => {
    for (const key of ownKeys()) {
      localStorage.removeItem(key);
    }
  },
  get length() {
    return ownKeys().length;
  },
};
