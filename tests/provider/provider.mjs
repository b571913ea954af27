// A real OpenID provider for the tests: npm's `oidc-provider` with its own pages. Anybody signs in with any password; the login is
// the subject.
//
//   node provider.mjs '{"publicUrl": "http://127.0.0.1:4000"}'
//
// prints one line of JSON with its issuer, and ends with its standard input.

import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { publicUrl, claimsInUserinfo = false } = JSON.parse(process.argv[2]);

const people = (login) => ({
  sub: login,
  email: `${login}@desk.test`,
  email_verified: !login.startsWith('unverified'),
  name: login,
  groups: login.startsWith('lead') ? ['leads', 'support'] : ['support'],
});

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'toolcrib',
      client_secret: 'a-secret-of-the-tests',
      redirect_uris: [`${publicUrl}/auth/callback/test`],
      post_logout_redirect_uris: [`${publicUrl}/auth/signed-out`],
      backchannel_logout_uri: `${publicUrl}/auth/backchannel-logout/test`,
      backchannel_logout_session_required: true,
    },
    {
      client_id: 'toolcrib-cli',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  pkce: { required: () => true, methods: ['S256'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  conformIdTokenClaims: claimsInUserinfo,
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    deviceFlow: { enabled: true },
  },
  cookies: { keys: ['only for tests'] },
  findAccount: (_context, login) => ({ accountId: login, claims: () => people(login) }),
});
provider.on('server_error', (_context, error) => console.error(error));
provider.on('backchannel.error', (_context, error) => console.error(error));

server.on('request', provider.callback());
console.log(JSON.stringify({ issuer }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
