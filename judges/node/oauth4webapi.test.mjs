// oauth4webapi, which checks every answer to the letter, and our access tokens as a resource server would.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { CALLBACK, sandbox } from "./desk.mjs";
import { Person } from "./person.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };
const app = { client_id: "letter-reader" };
const nobody = oauth.None();
const SCOPE = "openid email offline_access books:read";

async function discover(desk, algorithm) {
  const issuer = new URL(desk.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

/// Asks again, once, when the server wants its nonce in the proof (RFC 9449 8).
async function withNonce(ask) {
  try {
    return await ask();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return ask();
  }
}

async function signIn(server, options = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const parameters = new URLSearchParams({
    client_id: app.client_id,
    response_type: "code",
    redirect_uri: CALLBACK,
    scope: SCOPE,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  const pushed = await withNonce(async () => {
    const response = await oauth.pushedAuthorizationRequest(server, app, nobody, parameters, options);
    return oauth.processPushedAuthorizationResponse(server, app, response);
  });
  const url = new URL(server.authorization_endpoint);
  url.searchParams.set("client_id", app.client_id);
  url.searchParams.set("request_uri", pushed.request_uri);
  const back = oauth.validateAuthResponse(server, app, await new Person().visit(url), state);
  return withNonce(async () => {
    const args = [server, app, nobody, back, CALLBACK, verifier, options];
    const response = await oauth.authorizationCodeGrantRequest(...args);
    const checks = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, app, response, checks);
    await oauth.validateApplicationLevelSignature(server, response, insecure);
    return tokens;
  });
}

for (const [name, span] of [["letter-now", undefined], ["letter-later", "400d"]]) {
  test(`oauth4webapi, ${span ?? "nothing"} from now`, async (t) => {
    const desk = sandbox(name);
    if (span) await desk.advance(span);
    const server = await discover(desk, "oidc");

    await t.test("both metadata documents agree", async () => {
      const plain = await discover(desk, "oauth2");
      for (const member of ["issuer", "token_endpoint", "authorization_endpoint", "jwks_uri"]) {
        assert.equal(plain[member], server[member], member);
      }
    });

    await t.test("pushed request, code with PKCE, ID token, user info, refresh", async () => {
      const tokens = await signIn(server, insecure);
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      assert.equal(sub, "alice");
      const user = await oauth.userInfoRequest(server, app, tokens.access_token, insecure);
      assert.equal((await oauth.processUserInfoResponse(server, app, sub, user)).email, "alice@example.com");
      const response = await oauth.refreshTokenGrantRequest(server, app, nobody, tokens.refresh_token, insecure);
      const fresh = await oauth.processRefreshTokenResponse(server, app, response);
      assert.ok(fresh.refresh_token);
    });

    await t.test("bound to a key, pushed request and all", async () => {
      const DPoP = oauth.DPoP(app, await oauth.generateKeyPair("ES256"));
      const tokens = await signIn(server, { DPoP, ...insecure });
      assert.equal(tokens.token_type, "dpop");
      const url = new URL(`${desk.api}/books`);
      const books = await withNonce(() =>
        oauth.protectedResourceRequest(tokens.access_token, "GET", url, new Headers(), null, { DPoP, ...insecure }),
      );
      assert.equal(books.headers.get("lobby-verdict"), "allow");
    });

    await t.test("client credentials, and the token as RFC 9068 has it", async () => {
      const machine = oauth.ClientSecretBasic("any secret");
      const scope = new URLSearchParams({ scope: "books:read" });
      const response = await oauth.clientCredentialsGrantRequest(server, app, machine, scope, insecure);
      const tokens = await oauth.processClientCredentialsResponse(server, app, response);
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const request = new Request(`${desk.api}/books`, { headers });
      const claims = await oauth.validateJwtAccessToken(server, request, desk.audience, insecure);
      assert.equal(claims.scope, "books:read");
      assert.equal(claims.client_id, app.client_id);
    });

    await t.test("a device", async () => {
      const scope = new URLSearchParams({ scope: SCOPE });
      const asked = await oauth.deviceAuthorizationRequest(server, app, nobody, scope, insecure);
      const device = await oauth.processDeviceAuthorizationResponse(server, app, asked);
      await new Person().visit(device.verification_uri_complete);
      await new Promise((ready) => setTimeout(ready, 1000 * (device.interval ?? 5)));
      const response = await oauth.deviceCodeGrantRequest(server, app, nobody, device.device_code, insecure);
      const tokens = await oauth.processDeviceCodeResponse(server, app, response);
      assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, "alice");
    });

    await t.test("introspection and revocation of a refresh token", async () => {
      const machine = oauth.ClientSecretPost("any secret");
      const { refresh_token } = await signIn(server, insecure);
      const look = async () => {
        const response = await oauth.introspectionRequest(server, app, machine, refresh_token, insecure);
        return oauth.processIntrospectionResponse(server, app, response);
      };
      assert.equal((await look()).active, true);
      const response = await oauth.revocationRequest(server, app, machine, refresh_token, insecure);
      await oauth.processRevocationResponse(response);
      assert.equal((await look()).active, false);
    });
  });
}
