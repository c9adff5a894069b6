// A TypeScript client that is generated from the document that the mock serves, and signs in by the URLs in it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

import { CALLBACK, sandbox } from "./desk.mjs";
import { Person } from "./person.mjs";

const FOLDER = fileURLToPath(new URL("dist/", import.meta.url));
const BOOK = { title: "Piranesi", author: "Susanna Clarke", isbn: "9781526622426", price: { amount: 1499, currency: "EUR" } };

/** The client, generated from `document` and compiled. */
async function generate(document) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, "schema.d.ts"), astToString(await openapiTS(document)));
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const flags = ["--strict", "--module", "nodenext", "--target", "es2022", "--outDir", FOLDER];
  const where = { cwd: path.dirname(FOLDER), encoding: "utf8", stdio: "pipe" };
  try {
    execFileSync(process.execPath, [compiler, "bookshop.ts", ...flags], where);
  } catch (error) {
    assert.fail(`the client does not compile:\n${error.stdout}`);
  }
  return (await import(new URL("dist/bookshop.js", import.meta.url))).bookshop;
}

/** A token by code with PKCE, from what the document says of its scheme alone. */
async function signIn({ authorizationUrl, tokenUrl }, persona, scope) {
  const verifier = randomBytes(32).toString("base64url");
  const request = new URLSearchParams({
    response_type: "code",
    client_id: "generated",
    redirect_uri: CALLBACK,
    scope,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const back = await new Person(persona).visit(`${authorizationUrl}?${request}`);
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    client_id: "generated",
    redirect_uri: CALLBACK,
    code: back.searchParams.get("code"),
    code_verifier: verifier,
  });
  const answer = await fetch(tokenUrl, { method: "POST", body });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
}

test("a client generated from the document compiles, signs in by its URLs, lists and creates", async () => {
  const desk = sandbox("generated");
  const document = await (await fetch(`${desk.api}/_lobby/openapi.json`)).json();
  const bookshop = await generate(document);
  const server = document.servers[0].url;
  const { authorizationCode } = document.components.securitySchemes.oauth.flows;
  for (const url of [server, authorizationCode.authorizationUrl, authorizationCode.tokenUrl]) {
    assert.ok(url.startsWith(`${desk.api}/`), `${url} is not the mock's`);
  }

  const nobody = await bookshop(server, "garbage").list(5);
  assert.equal(nobody.response.status, 401);
  assert.ok(nobody.problem, "the error has the document's type");

  const alice = bookshop(server, await signIn(authorizationCode, "alice", "books:read books:write"));
  const listed = await alice.list(5);
  assert.equal(listed.response.status, 200);
  assert.ok(listed.titles.length > 0);
  const created = await alice.create(BOOK);
  assert.equal(created.response.status, 201);
  assert.match(created.id, /^b-\d{4,8}$/);
  const wrong = await alice.create({ ...BOOK, isbn: "not one" });
  assert.equal(wrong.response.status, 422);

  const reader = bookshop(server, await signIn(authorizationCode, "alice", "books:read"));
  assert.equal((await reader.list(5)).response.status, 200);
  const refused = await reader.create(BOOK);
  assert.equal(refused.response.status, 403);
  assert.equal(refused.response.headers.get("lobby-verdict"), "scope.insufficient");
});
