// Scalar's mock server is a library; this is the few lines that its documentation gives to serve it.
import { readFile } from "node:fs/promises";
import { serve } from "@hono/node-server";
import { createMockServer } from "@scalar/mock-server";

const [file, port] = process.argv.slice(2);
const app = await createMockServer({ document: await readFile(file, "utf8") });
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
