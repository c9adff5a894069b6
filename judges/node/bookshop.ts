// A front end's code against the generated types: it compiles only if they say what the document says.

import createClient from "openapi-fetch";
import type { components, paths } from "./dist/schema.js";

export type NewBook = components["schemas"]["NewBook"];

export function bookshop(baseUrl: string, token: string) {
  const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  return {
    list: async (limit: number) => {
      const { data, error, response } = await client.GET("/books", { params: { query: { limit, genre: ["fiction"] } } });
      const titles: string[] | undefined = data?.items.map(({ title }) => title);
      const problem: string | undefined = error?.title;
      return { titles, problem, response };
    },
    create: async (book: NewBook) => {
      const { data, error, response } = await client.POST("/books", { body: book });
      const id: string | undefined = data?.id;
      const problem: string | undefined = error?.title;
      return { id, problem, response };
    },
  };
}

// @ts-expect-error: a book without an author is none.
export const nameless: NewBook = { title: "Beowulf", isbn: "9780000000000", price: { amount: 1, currency: "EUR" } };
