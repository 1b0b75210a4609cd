import type { ClientBase } from 'pg';
import { hashPassword, verifyPassword } from '../../identity/password';
import { DEMO_CLINIC } from './demo-clinic';
import { clinicId } from './directory';
import { demoId } from './ids';
import { OTHER_CLINIC } from './other-clinic';

/** The demo's support user, who belongs to no clinic. */
export const SUPPORT_USER = {
  id: demoId('support user'),
  name: 'Sol Marchetti',
  email: 'support@demo.example',
  who: 'support, sees every bill of every clinic',
  createdAt: '2024-09-16T13:00:00Z',
};

function listed(people: typeof DEMO_CLINIC.people): { email: string; who: string }[] {
  return people.flatMap(({ email, who }) => (email && who ? [{ email, who }] : []));
}

/** The sign-ins that the start banner names, with who each is in one line. All have the demo's one password. */
export const demoSignIns: readonly { email: string; who: string }[] = [
  ...listed(DEMO_CLINIC.people),
  { email: SUPPORT_USER.email, who: SUPPORT_USER.who },
  ...listed(OTHER_CLINIC.people),
];

/** Gives all sign-ins of the demo this password, unless they have it already (all were written with one password). */
export async function resetDemoPassword(client: ClientBase, password: string): Promise<void> {
  const owners = [[clinicId(DEMO_CLINIC), clinicId(OTHER_CLINIC)], SUPPORT_USER.id];
  const { rows } = await client.query<{ email: string; password_hash: string }>(
    'SELECT email, password_hash FROM sign_ins WHERE clinic_id = ANY($1) OR support_user_id = $2 ORDER BY email',
    owners,
  );
  const [first] = rows;
  if (first === undefined || (await verifyPassword(first.password_hash, password))) return;
  for (const { email } of rows) {
    await client.query('UPDATE sign_ins SET password_hash = $2 WHERE email = $1', [
      email,
      await hashPassword(password),
    ]);
  }
}
