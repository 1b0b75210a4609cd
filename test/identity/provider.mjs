// An OpenID Connect provider on loopback, in a process of its own (the package is ESM alone, which jest cannot load).
// Told what to do by messages; see support.ts.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const API = 'https://billing.example/api';

let provider;
let server;
let port = 0;

const configuration = (keys) => ({
  jwks: { keys },
  clients: [
    {
      client_id: 'emr',
      client_secret: 'a secret of the tests, and of nothing else',
      redirect_uris: ['https://emr.example/signed-in'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      id_token_signed_response_alg: keys[0].alg,
    },
  ],
  cookies: { keys: ['cookies of the tests'] },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  // As a provider that knows the front end: nobody is asked for consent.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope('openid offline_access');
    grant.addResourceScope(API, 'billing');
    await grant.save();
    return grant;
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: 'billing',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: keys[0].alg } },
      }),
    },
  },
  // RFC 9068: when the person signed in, which a refreshed token has from the first one.
  extraTokenClaims: (ctx) => {
    const { AuthorizationCode, RefreshToken } = ctx.oidc.entities;
    const authTime = (RefreshToken ?? AuthorizationCode)?.authTime;
    return authTime === undefined ? undefined : { auth_time: authTime };
  },
  ttl: { AuthorizationCode: 60, ClientCredentials: 600, Interaction: 60, Session: 600, Grant: 600 },
});

/** Signs in, without a page, whoever the front end hints at: a subject, and when they gave their password. */
async function answer(request, response) {
  if (!request.url.startsWith('/interaction/')) {
    provider.callback()(request, response);
    return;
  }
  const { params } = await provider.interactionDetails(request, response);
  const { accountId, ts } = JSON.parse(params.login_hint);
  await provider.interactionFinished(request, response, { login: { accountId, ...(ts ? { ts } : {}) } });
}

const listen = () =>
  new Promise((resolve) => {
    server = createServer((request, response) => {
      answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
    server.listen(port, '127.0.0.1', () => {
      port = server.address().port;
      resolve();
    });
  });

const stop = () =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const ACTS = {
  start: async ({ keys }) => {
    await listen();
    provider = new Provider(`http://127.0.0.1:${port}`, configuration(keys));
    return provider.issuer;
  },
  keys: async ({ keys }) => {
    provider = new Provider(provider.issuer, configuration(keys));
  },
  down: stop,
  up: listen,
};

process.on('message', ({ act, ...given }) => {
  ACTS[act](given).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
