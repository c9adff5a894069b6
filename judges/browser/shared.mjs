// What the tests of one file have together.

import { after, before } from "node:test";
import { launch } from "./chromium.mjs";
import { mock } from "./server.mjs";

/** A mock of the bookshop as `desk`, and a `browser`, for as long as the tests run. */
export function shared() {
  const both = {};
  before(async () => {
    both.desk = await mock();
    both.browser = await launch();
  });
  after(async () => {
    await both.browser?.close();
    await both.desk?.stop();
  });
  return both;
}
