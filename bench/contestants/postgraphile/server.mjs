// Runs where PostGraphile is installed, on a Node of its own: this file is copied there, beside its node_modules.
import { createServer } from 'node:http';
import pg from 'pg';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';

const { DATABASE_URL, CLINIC_ID, VIEWER_ID, PORT } = process.env;

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

/** Shorter names than the ones that it makes of the columns, and lists where a connection is of no use. */
const LIST = { behavior: '+list -connection' };
const names = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      bills: {
        constraint: {
          bills_patient_fkey: { tags: { fieldName: 'patient' } },
          bills_provider_fkey: { tags: { fieldName: 'provider' } },
        },
      },
      providers: { constraint: { providers_user_fkey: { tags: { fieldName: 'user' } } } },
      bill_items: {
        constraint: { bill_items_bill_fkey: { tags: { foreignSimpleFieldName: 'items', ...LIST } } },
      },
      payments: {
        constraint: { payments_bill_fkey: { tags: { foreignSimpleFieldName: 'payments', ...LIST } } },
      },
    },
  },
});

/** What the database answers when it is told for whom a request is: the settings that its policies compare with. */
const TELL = {
  name: 'tell-viewer',
  text: `SELECT current_setting('billing.clinic') AS clinic, current_setting('billing.providers') AS providers
    FROM tell_viewer($1, $2, now(), 'VIEW_BILL')`,
  values: [VIEWER_ID, CLINIC_ID],
};

const postGraphile = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [names],
  pgServices: [makePgService({ pool, schemas: ['public'], pubsub: false })],
  grafast: {
    context: async () => {
      const [told] = (await pool.query(TELL)).rows;
      return {
        pgSettings: {
          // The role that the policies hold for.
          role: 'billing_api',
          'billing.clinic': told.clinic,
          'billing.providers': told.providers,
        },
      };
    },
  },
  grafserv: { graphiql: false, outputDataAsString: true },
});

const server = createServer();
await postGraphile.createServ(grafserv).addTo(server);
// It does not listen before it knows the tables.
await postGraphile.getSchema();
process.once('SIGTERM', () => process.exit(0));
server.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`API http://127.0.0.1:${server.address().port}/graphql\n`);
});
