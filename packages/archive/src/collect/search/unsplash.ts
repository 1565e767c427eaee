import { z } from "zod";
import type { PoliteClient } from "../http/polite-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import type { SearchApi, SearchHit } from "./search-provider.ts";

export interface KeyedOptions {
  readonly key: string;
  readonly baseUrl?: string;
}

const answer = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      alt_description: z.string().nullish(),
      urls: z.object({ regular: z.url() }),
      links: z.object({ html: z.url(), download_location: z.url() }),
      user: z.object({ name: z.string(), links: z.object({ html: z.url() }) }),
    }),
  ),
});

/** Unsplash (https://unsplash.com/documentation): 50 requests an hour for a new key. Reports each download, as its guidelines ask. */
export function createUnsplash(
  client: PoliteClient,
  { key, baseUrl = "https://api.unsplash.com" }: KeyedOptions,
): SearchApi {
  const headers = { Authorization: `Client-ID ${key}`, "Accept-Version": "v1" };
  return {
    name: "unsplash",
    perPage: 30,
    search: async (phrase, page, signal) => {
      const query = new URLSearchParams({ query: phrase, page: String(page), per_page: "30", content_filter: "high" });
      const reply = await client.getJson(`${baseUrl}/search/photos?${query}`, { headers, signal });
      const { results } = parseAnswer("unsplash", answer, reply);
      return results.map((hit): SearchHit => ({
        imageUrl: hit.urls.regular,
        pageUrl: hit.links.html,
        licence: { id: "Unsplash", url: "https://unsplash.com/license" },
        attribution: `Photo by ${hit.user.name} (${hit.user.links.html}) on Unsplash`,
        creator: hit.user.links.html,
        ...(hit.alt_description && { alt: hit.alt_description }),
        onDownload: async (own) => {
          await client.getJson(hit.links.download_location, { headers, signal: own });
        },
      }));
    },
  };
}
