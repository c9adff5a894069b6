// Postman: the document that a mock serves, imported as Postman does, and its requests sent by Newman.
//   LOBBY_URL=http://127.0.0.1:4010   the mock's issuer, as its banner prints it

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { promisify } from "node:util";

// Both are CommonJS.
const require = createRequire(import.meta.url);
const newman = require("newman");
const importer = require("openapi-to-postmanv2");

const LOBBY = process.env.LOBBY_URL?.replace(/\/$/, "") ?? assert.fail("LOBBY_URL names no running mock");

/** A sandbox, so that no other judge moves its clock. */
const DESK = `${LOBBY}/_lobby/in/postman`;

/** What Postman makes of the document. */
async function imported() {
  const data = await (await fetch(`${DESK}/_lobby/openapi.json`)).text();
  const options = { parametersResolution: "Example" };
  const made = await promisify(importer.convertV2)({ type: "string", data }, options);
  assert.ok(made.result, made.reason);
  return made.output[0].data;
}

/** All requests of a collection; it has them in folders. */
const requests = (item) => (item.item ? item.item.flatMap(requests) : [item]);

const field = (auth, name) => auth.find(({ key }) => key === name)?.value;

/** Every OAuth authorization of the collection, the inherited one too. */
const authorizations = (collection) =>
  [collection.auth, ...requests(collection).map(({ request }) => request.auth)].filter((auth) => auth?.type === "oauth2");

/** Puts a token where the dialog of Postman puts the one that it fetched. */
function hold(collection, token) {
  for (const { oauth2 } of authorizations(collection)) {
    oauth2.push({ key: "accessToken", value: token, type: "string" }, { key: "addTokenTo", value: "header", type: "string" });
  }
}

/** Sends every request once: its name, and the status and verdict that came. */
async function run(collection, values) {
  const envVar = Object.entries(values).map(([key, value]) => ({ key, value }));
  const { run: done } = await promisify(newman.run)({ collection, envVar, timeoutRequest: 15_000 });
  assert.deepEqual(done.failures.map(({ error }) => error.message), []);
  return Object.fromEntries(
    done.executions.map(({ item, response }) => [item.name, `${response.code} ${response.headers.get("Lobby-Verdict") ?? ""}`]),
  );
}

/** What a person fills in: whose orders. */
function about(collection, person) {
  for (const { request } of requests(collection)) {
    for (const variable of request.url.variable ?? []) if (variable.key === "userId") variable.value = person;
  }
}

async function control(call, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${DESK}/_lobby/${call}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${call}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** Postman sends one scheme of an alternative, a cookie's as a header, and no certificate. */
const BEYOND = {
  "Order books": "401 credential.missing",
  "The basket of this browser's session": "401 credential.missing",
  "Rare books; only for machines with a certificate of the house": "401 certificate.missing",
};
const OPEN = {
  "When the shop is open": "200 allow",
  "Books to read next; better ones for whoever says who they are": "200 allow",
};

test("a person's token, key and password let every request in that Postman can make", async () => {
  const collection = await imported();
  const token = (await control("token", { as: "alice", scope: "openid profile books:read books:write orders:read orders:write" })).access_token;
  about(collection, "alice");
  hold(collection, token);
  const values = { apiKey: "alice-badge-key", basicAuthUsername: "alice", basicAuthPassword: "alice-password", bearerToken: token };
  assert.deepEqual(await run(collection, values), {
    ...OPEN,
    "Books of the catalogue": "200 allow",
    "Take a book into the catalogue": "201 allow",
    "One book": "200 allow",
    "Write a book anew": "200 allow",
    "Take a book out of the catalogue": "204 allow",
    "The person who asks": "200 allow",
    "The orders of a person": "200 allow",
    "Change how orders are paid": "204 allow",
    "What is on the shelves, for the tills": "200 allow",
    "Reports for the book-keeper's old program": "200 allow",
    "Take in a publisher's list": "202 allow",
    ...BEYOND,
  });
});

test("a token for a client's credentials, from the URL in the document, has the client's scopes", async () => {
  const collection = await imported();
  const [{ oauth2 }] = authorizations(collection);
  const endpoint = field(oauth2, "accessTokenUrl");
  assert.ok(endpoint.startsWith(`${DESK}/`), endpoint);
  // What Postman's dialog sends for the grant "Client Credentials".
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("postman:a secret")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "books:read" }),
  });
  assert.equal(answer.status, 200);
  hold(collection, (await answer.json()).access_token);
  const got = await run(collection, {});
  assert.equal(got["Books of the catalogue"], "200 allow");
  assert.equal(got["One book"], "200 allow");
  assert.equal(got["Take a book into the catalogue"], "403 scope.insufficient");
});

test("garbage opens nothing", async () => {
  const collection = await imported();
  hold(collection, "garbage");
  const got = await run(collection, { apiKey: "garbage", basicAuthUsername: "nobody", basicAuthPassword: "garbage", bearerToken: "garbage" });
  for (const [name, said] of Object.entries(got)) {
    if (name in OPEN) assert.equal(said, OPEN[name], name);
    else assert.match(said, /^401 (token\.unknown|key\.unknown|password\.wrong|credential\.missing|certificate\.missing)$/, name);
  }
  assert.equal(Object.keys(got).length, 16);
});
