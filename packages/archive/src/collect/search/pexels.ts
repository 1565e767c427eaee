import { z } from "zod";
import type { PoliteClient } from "../http/polite-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import type { SearchApi, SearchHit } from "./search-provider.ts";
import type { KeyedOptions } from "./unsplash.ts";

const answer = z.object({
  photos: z.array(
    z.object({
      url: z.url(),
      photographer: z.string(),
      photographer_url: z.string(),
      alt: z.string().nullish(),
      src: z.object({ large: z.url() }),
    }),
  ),
});

/** Pexels (https://www.pexels.com/api/documentation): 200 requests an hour and 20,000 a month. */
export function createPexels(
  client: PoliteClient,
  { key, baseUrl = "https://api.pexels.com" }: KeyedOptions,
): SearchApi {
  return {
    name: "pexels",
    perPage: 80,
    search: async (phrase, page, signal) => {
      const query = new URLSearchParams({ query: phrase, page: String(page), per_page: "80" });
      const headers = { Authorization: key };
      const reply = await client.getJson(`${baseUrl}/v1/search?${query}`, { headers, signal });
      const { photos } = parseAnswer("pexels", answer, reply);
      return photos.map((hit): SearchHit => ({
        imageUrl: hit.src.large,
        pageUrl: hit.url,
        licence: { id: "Pexels", url: "https://www.pexels.com/license/" },
        attribution: `Photo by ${hit.photographer} (${hit.photographer_url}) on Pexels`,
        creator: hit.photographer_url,
        ...(hit.alt && { alt: hit.alt }),
      }));
    },
  };
}
