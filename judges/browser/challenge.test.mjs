// The example's reader of WWW-Authenticate, by itself.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

// A judge may run from a copy of its folder.
const repository = process.env.LOBBY_REPOSITORY ?? fileURLToPath(new URL("../../", import.meta.url));
const example = pathToFileURL(path.join(repository, "examples/spa/challenge.js"));
const { complaint, parseChallenges } = await import(example);

const plain = (field) => parseChallenges(field).map(({ scheme, parameters }) => [scheme, { ...parameters }]);

test("several challenges in one field are told apart", () => {
  const field = 'Bearer realm="a, b", error="insufficient_scope", scope="books:write", ApiKey realm="bookshop", in="header", name="X-API-Key"';
  assert.deepEqual(plain(field), [
    ["bearer", { realm: "a, b", error: "insufficient_scope", scope: "books:write" }],
    ["apikey", { realm: "bookshop", in: "header", name: "X-API-Key" }],
  ]);
  assert.equal(complaint(field).parameters.scope, "books:write");
});

test("quoted quotes, bare values and schemes without parameters are read", () => {
  assert.deepEqual(plain('Negotiate, Basic realm="say \\"friend\\"", charset=UTF-8, Negotiate YWJj=='), [
    ["negotiate", {}],
    ["basic", { realm: 'say "friend"', charset: "UTF-8" }],
    ["negotiate", {}],
  ]);
});

test("a field that is missing, empty or nonsense is no challenge, and ends", () => {
  for (const field of [null, undefined, "", ",,,", '="', '"', "Bearer =", "Bearer realm=", "é"]) {
    assert.equal(complaint(field), undefined);
  }
});

test("the name of an object's own property is no parameter", () => {
  assert.equal(complaint('Bearer realm="x", __proto__="y"'), undefined);
});
