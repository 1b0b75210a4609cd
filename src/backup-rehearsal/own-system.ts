import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { withClient } from '../embedded-database';
import { toGlobalId } from '../global-id';
import { loadDemo } from '../importers/demo';
import { DEMO_CLINIC } from '../importers/demo/demo-clinic';
import { clinicId, userId } from '../importers/demo/directory';
import { migrate } from '../migrate';
import { RehearsalError } from './error';
import type { Api } from './first-pages';
import { type InstalledServer, startInstalledServer } from './installed-server';
import type { Programs } from './programs';
import type { LiveSystem, Work } from './rehearse';

const CHANGE = {
  addUserDelegate:
    'mutation ($input: AddUserDelegateInput!) { addUserDelegate(input: $input) { list { version } } }',
  removeUserDelegate:
    'mutation ($input: RemoveUserDelegateInput!) { removeUserDelegate(input: $input) { list { version } } }',
} as const;

/** A live system of the rehearsal's own: the demo clinics on the PostgreSQL that the programs came with, and saves going on. */
export async function startOwnSystem(
  programs: Programs,
): Promise<{ system: LiveSystem; close(): Promise<void> }> {
  const server: InstalledServer = await startInstalledServer(programs);
  try {
    const password = randomBytes(12).toString('base64url');
    await withClient(server.url('postgres'), async (client) => {
      await client.query('CREATE ROLE rehearsal_owner NOLOGIN CREATEROLE');
      await client.query('CREATE DATABASE rehearsal OWNER rehearsal_owner');
    });
    const owner = new URL(server.url('rehearsal'));
    owner.searchParams.set('options', '-c role=rehearsal_owner');
    const ownerUrl = String(owner);
    await withClient(server.url('rehearsal'), (client) =>
      // Before version 16, the owner of a database may not make roles members of those it made.
      client.query('CREATE ROLE billing_api NOLOGIN; GRANT billing_api TO rehearsal_owner'),
    );
    await migrate(ownerUrl);
    await withClient(ownerUrl, (client) => loadDemo(client, { password }));
    const apiPassword = randomBytes(24).toString('base64url');
    await withClient(server.url('rehearsal'), (client) =>
      client.query(`CREATE ROLE rehearsal_server LOGIN PASSWORD '${apiPassword}' IN ROLE billing_api`),
    );
    const api = new URL(server.url('rehearsal'));
    api.username = 'rehearsal_server';
    api.password = apiPassword;
    return {
      system: { ownerUrl, apiUrl: String(api), work: (running) => keepSaving(running, password) },
      close: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Puts somebody on a list and takes them off again, over and over, through the API. */
function keepSaving(api: Api, password: string): Work {
  const clinic = clinicId(DEMO_CLINIC);
  const provider = userId(DEMO_CLINIC, 'provider.b');
  const reader = { userId: provider, homeClinicId: clinic, clinicId: clinic };
  const input = {
    providerId: toGlobalId('User', clinic, provider),
    userId: toGlobalId('User', clinic, userId(DEMO_CLINIC, 'nurse')),
    password,
  };
  const saves = new EventEmitter();
  let stopping = false;
  const working = (async () => {
    let saved = 0;
    for (let change = 0; !stopping; change += 1) {
      const name = change % 2 === 0 ? 'addUserDelegate' : 'removeUserDelegate';
      const answer = await api.ask(reader, CHANGE[name], { input });
      if (answer.includes('"errors"')) throw new RehearsalError(`A save failed: ${answer.slice(0, 300)}`);
      saved += 1;
      saves.emit('saved');
    }
    return saved;
  })();
  // Told by whoever waits for it.
  working.catch(() => undefined);
  return {
    another: async () => {
      // The one that is under way may have begun before; the one after it has not.
      for (let more = 0; more < 2; more += 1) await Promise.race([once(saves, 'saved'), working]);
    },
    stop: () => {
      stopping = true;
      return working;
    },
  };
}
