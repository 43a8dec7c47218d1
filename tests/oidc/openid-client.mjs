// Signs a person in with npm's `openid-client`, as an application would, and prints what it learnt.
// Usage: node openid-client.mjs '{"issuer", "clientId", "clientSecret"?, "redirectUri", "algorithm",
// "username", "password"}'

import { webcrypto } from 'node:crypto';
// Node 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
const client = await import('openid-client');

const settings = JSON.parse(process.argv[2]);

const config = await client.discovery(
  new URL(settings.issuer),
  settings.clientId,
  { id_token_signed_response_alg: settings.algorithm, client_secret: settings.clientSecret },
  settings.clientSecret ? client.ClientSecretBasic(settings.clientSecret) : client.None(),
  // The tests listen on loopback without TLS. Without the second, the signature of an ID token that
  // came straight from the token endpoint would not be looked at (OpenID Connect Core 3.1.3.7).
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);

const codeVerifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const start = client.buildAuthorizationUrl(config, {
  redirect_uri: settings.redirectUri,
  scope: 'openid profile email',
  code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
  code_challenge_method: 'S256',
  state,
  nonce,
});

const tokens = await client.authorizationCodeGrant(config, await signIn(start), {
  pkceCodeVerifier: codeVerifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const header = JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url').toString());
console.log(JSON.stringify({ header, claims, userinfo, tokenType: tokens.token_type }));

// The part of the person: follows the redirects to the form, fills it in, and comes back with the
// address that the browser would be sent to.
async function signIn(address) {
  const cookies = new Map();
  const visit = async (url, options = {}) => {
    const headers = { ...options.headers, cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') };
    const response = await fetch(url, { ...options, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie?.() ?? [response.headers.get('set-cookie') ?? '']) {
      const pair = line.split(';')[0];
      if (pair) cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  };
  const redirect = await visit(address);
  const formAddress = new URL(redirect.headers.get('location'), address);
  const html = await (await visit(formAddress)).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)[1];
  const action = new URL(/<form[^>]* action="([^"]+)"/.exec(html)[1].replaceAll('&#38;', '&'), formAddress);
  const body = new URLSearchParams({ csrf, username: settings.username, password: settings.password });
  const answer = await visit(action, { method: 'POST', body });
  if (answer.status !== 303) throw new Error(`the sign-in ended with ${answer.status}: ${await answer.text()}`);
  return new URL(answer.headers.get('location'), action);
}
