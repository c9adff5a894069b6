// openid-client, an OpenID Connect client, through every flow; once now and once on a clock that is years on.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "openid-client";
import { CALLBACK, sandbox, verdict } from "./desk.mjs";
import { Person } from "./person.mjs";

const SCOPE = "openid profile email offline_access books:read";
const plain = { execute: [client.allowInsecureRequests] };

const discover = (desk, secret) => client.discovery(new URL(desk.issuer), "shop-window", secret, undefined, plain);

/// Code and PKCE, with whatever is added to the request; `begin` makes the URL that the person opens.
async function signIn(config, person, { added = {}, begin = client.buildAuthorizationUrl, options } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = await begin(config, {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...added,
  });
  const back = await person.visit(url);
  assert.ok(back, "the pages lead back to the app");
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return client.authorizationCodeGrant(config, back, checks, undefined, options);
}

for (const [name, years] of [["oidc-now", 0], ["oidc-later", 3]]) {
  test(`openid-client, ${years} years from now`, async (t) => {
    const desk = sandbox(name);
    if (years > 0) await desk.advance(`${years * 365}d`);
    const config = await discover(desk);
    const person = new Person();

    await t.test("code with PKCE, user info, and a token that the API takes", async () => {
      const tokens = await signIn(config, person);
      assert.equal(tokens.claims().sub, "alice");
      const user = await client.fetchUserInfo(config, tokens.access_token, "alice");
      assert.equal(user.email, "alice@example.com");
      assert.equal(await verdict(desk, "/books", { authorization: `Bearer ${tokens.access_token}` }), "allow");
    });

    await t.test("a token that has expired by the clock, refreshed", async () => {
      const tokens = await signIn(config, person);
      await desk.advance("11m");
      const expired = { authorization: `Bearer ${tokens.access_token}` };
      assert.equal(await verdict(desk, "/books", expired), "token.expired");
      const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal(await verdict(desk, "/books", { authorization: `Bearer ${fresh.access_token}` }), "allow");
      assert.notEqual(fresh.refresh_token, tokens.refresh_token);
    });

    await t.test("a refresh token that is used again after its successor was", async () => {
      const first = await signIn(config, person);
      const second = await client.refreshTokenGrant(config, first.refresh_token);
      await client.refreshTokenGrant(config, second.refresh_token);
      await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), { error: "invalid_grant" });
      await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), { error: "invalid_grant" });
    });

    await t.test("client credentials, introspection, revocation", async () => {
      const machine = await discover(desk, "any secret");
      const tokens = await client.clientCredentialsGrant(machine, { scope: "books:read" });
      assert.equal((await client.tokenIntrospection(machine, tokens.access_token)).active, true);
      await client.tokenRevocation(machine, tokens.access_token);
      assert.equal((await client.tokenIntrospection(machine, tokens.access_token)).active, false);
      const revoked = { authorization: `Bearer ${tokens.access_token}` };
      assert.equal(await verdict(desk, "/books", revoked), "token.revoked");
    });

    await t.test("a device, whose person confirms on another", async () => {
      const asked = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
      await new Person().visit(asked.verification_uri_complete);
      const tokens = await client.pollDeviceAuthorizationGrant(config, asked);
      assert.equal(tokens.claims().sub, "alice");
      assert.ok(tokens.refresh_token);
    });

    await t.test("a pushed request", async () => {
      const tokens = await signIn(config, person, { begin: client.buildAuthorizationUrlWithPAR });
      assert.equal(tokens.claims().sub, "alice");
    });

    await t.test("a token bound to a key, at user info and at the API", async () => {
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
      const tokens = await signIn(config, person, { options: { DPoP } });
      assert.equal(tokens.token_type, "dpop");
      await client.fetchUserInfo(config, tokens.access_token, "alice", { DPoP });
      const books = new URL(`${desk.api}/books`);
      const args = [config, tokens.access_token, books, "GET", undefined, undefined, { DPoP }];
      const answer = await client.fetchProtectedResource(...args);
      assert.equal(answer.headers.get("lobby-verdict"), "allow");
      const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
      assert.equal(fresh.token_type, "dpop");
      assert.notEqual(await verdict(desk, "/books", { authorization: `Bearer ${fresh.access_token}` }), "allow");
    });

    await t.test("logout, after which nobody is signed in", async () => {
      const leaving = new Person();
      const tokens = await signIn(config, leaving);
      const end = client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: CALLBACK,
        state: "bye",
      });
      const back = await leaving.visit(end);
      assert.equal(back?.searchParams.get("state"), "bye");
      const silent = signIn(config, leaving, { added: { prompt: "none" } });
      await assert.rejects(silent, { error: "login_required" });
    });

    await t.test("somebody who may not", async () => {
      const tokens = await signIn(config, new Person("guest"), { added: { scope: "openid books:read" } });
      const guest = { authorization: `Bearer ${tokens.access_token}` };
      assert.equal(await verdict(desk, "/books", guest), "scope.insufficient");
    });
  });
}
