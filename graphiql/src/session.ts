import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type Answer, firstCode, isUnauthenticated, NoAnswer, type Operation, post } from './request';

const TOKEN_KEY = 'billing-access.token';

const SIGN_IN = /* GraphQL */ `
  mutation SignIn($email: String!, $password: String!) {
    signIn(email: $email, password: $password) { token expiresAt name }
  }
`;

const WHO = /* GraphQL */ `
  query SignedInAs { viewer { email user { id name } clinic { name } } }
`;

interface SignInData {
  readonly signIn: { readonly token: string; readonly name: string } | null;
}

interface WhoData {
  readonly viewer: {
    readonly email: string;
    readonly user: { readonly id: string; readonly name: string };
    readonly clinic: { readonly name: string } | null;
  } | null;
}

/** Who is signed in, as the server says. */
export interface Who {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** null for a user without a clinic, which is support. */
  readonly clinic: string | null;
}

/** The sign-in of this browser tab and the one way to send operations under it. */
export interface Session {
  readonly signedIn: boolean;
  /** null while nobody is signed in, and until the server has said who it is. */
  readonly who: Who | null;
  /** What went wrong last, in plain words; null when nothing did. */
  readonly problem: string | null;
  /** Answers whether the sign-in succeeded. The password is sent and not kept. */
  signIn(email: string, password: string): Promise<boolean>;
  signOut(): void;
  /** Sends an operation as whoever is signed in. The function changes with the sign-in. */
  send<Data>(operation: Operation): Promise<Answer<Data>>;
}

const ENDED =
  'Your sign-in is no longer valid: it has expired, or the account was deactivated. Please sign in again.';

const SIGN_IN_PROBLEMS: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Wrong e-mail or password, or the account is deactivated.',
  RATE_LIMITED: 'Too many failed sign-ins. Wait a few minutes, then try again.',
  BAD_USER_INPUT: 'The server did not accept this e-mail and password as typed. Check both, then try again.',
  UNAVAILABLE: 'The server cannot answer just now. Try again in a moment.',
};

/** Keeps the token in sessionStorage: it survives a reload and ends with the browser tab. */
export function useSession(): Session {
  const [token, setToken] = useState<string | null>(() => sessionStorage.getItem(TOKEN_KEY));
  const [who, setWho] = useState<Who | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const current = useRef(token);

  const change = useCallback((next: string | null, nextProblem: string | null) => {
    current.current = next;
    if (next === null) {
      sessionStorage.removeItem(TOKEN_KEY);
    } else {
      sessionStorage.setItem(TOKEN_KEY, next);
    }
    setToken(next);
    setWho(null);
    setProblem(nextProblem);
  }, []);

  const send = useCallback(
    async <Data>(operation: Operation): Promise<Answer<Data>> => {
      const answer = await post<Data>(operation, token);
      // An answer that comes late, after another sign-in, says nothing about the present token.
      if (isUnauthenticated(answer) && current.current === token) {
        if (token !== null) {
          change(null, ENDED);
        } else if (operation.operationName !== 'IntrospectionQuery') {
          setProblem('You are not signed in. Sign in here, then run the query again.');
        }
      }
      return answer;
    },
    [token, change],
  );

  useEffect(() => {
    if (token === null) {
      return;
    }
    const show = (data: WhoData | null | undefined) => {
      if (current.current !== token) {
        return;
      }
      const viewer = data?.viewer;
      if (viewer) {
        const { user, email, clinic } = viewer;
        setWho({ id: user.id, name: user.name, email, clinic: clinic?.name ?? null });
      } else if (viewer === null) {
        change(null, ENDED);
      }
    };
    send<WhoData>({ query: WHO, operationName: 'SignedInAs' }).then(
      (answer) => (answer.errors ? undefined : show(answer.data)),
      (error: unknown) =>
        setProblem(error instanceof NoAnswer ? error.message : 'The page failed. Reload it.'),
    );
  }, [token, send, change]);

  const signIn = useCallback(
    async (email: string, password: string): Promise<boolean> => {
      setProblem(null);
      try {
        const operation = { query: SIGN_IN, variables: { email, password }, operationName: 'SignIn' };
        const answer = await post<SignInData>(operation, null);
        const next = answer.data?.signIn?.token;
        if (next) {
          change(next, null);
          return true;
        }
        const code = firstCode(answer) ?? 'UNAUTHENTICATED';
        setProblem(SIGN_IN_PROBLEMS[code] ?? 'The server failed at this sign-in. Its log says why.');
      } catch (error) {
        setProblem(error instanceof NoAnswer ? error.message : 'The page failed. Reload it.');
      }
      return false;
    },
    [change],
  );

  const signOut = useCallback(() => change(null, null), [change]);

  return useMemo(
    () => ({ signedIn: token !== null, who, problem, signIn, signOut, send }),
    [token, who, problem, signIn, signOut, send],
  );
}
