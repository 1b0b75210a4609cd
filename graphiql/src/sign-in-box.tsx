import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import type { Session, Who } from './session';

/** Above GraphiQL: signs in and out, says who is signed in and what went wrong. */
export function SignInBox({ session }: { readonly session: Session }) {
  return (
    <header className="sign-in">
      <h1>Billing access delegation</h1>
      {session.signedIn ? <SignedIn session={session} /> : <SignInForm session={session} />}
      <p className="sign-in-problem" role="alert">
        {session.problem}
      </p>
    </header>
  );
}

function SignInForm({ session }: { readonly session: Session }) {
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  useFocusWhenLost(email);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const passwordField = password.current;
    if (busy || email.current === null || passwordField === null) {
      return;
    }
    setBusy(true);
    const sent = session.signIn(email.current.value.trim(), passwordField.value);
    // The field is no React state and is emptied as soon as it is sent: the password stays nowhere.
    passwordField.value = '';
    if (!(await sent)) {
      setBusy(false);
      passwordField.focus();
    }
  };

  return (
    <form className="sign-in-form" aria-label="Sign in" onSubmit={(event) => void submit(event)}>
      <label>
        <span>E-mail</span>
        <input ref={email} name="email" type="email" autoComplete="username" spellCheck={false} required />
      </label>
      <label>
        <span>Password</span>
        <input ref={password} name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit" aria-disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}

function SignedIn({ session }: { readonly session: Session }) {
  const status = useRef<HTMLParagraphElement>(null);
  useFocusWhenLost(status);

  return (
    <div className="sign-in-form">
      <p ref={status} className="sign-in-who" role="status" tabIndex={-1}>
        {session.who === null ? 'Signed in' : <Name who={session.who} />}
      </p>
      <button type="button" onClick={session.signOut}>
        Sign out
      </button>
    </div>
  );
}

/** What had the focus is gone with a sign-in or a sign-out: the keyboard goes on here, not at the top of the page. */
function useFocusWhenLost(target: RefObject<HTMLElement | null>) {
  useEffect(() => {
    if (document.activeElement === document.body) {
      target.current?.focus();
    }
  }, [target]);
}

function Name({ who }: { readonly who: Who }) {
  return (
    <>
      Signed in as <strong>{who.name}</strong> ({who.email}), {who.clinic ?? 'no clinic'}
    </>
  );
}
