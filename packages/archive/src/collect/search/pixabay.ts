import { z } from "zod";
import type { PoliteClient } from "../http/polite-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import type { SearchApi, SearchHit } from "./search-provider.ts";
import type { KeyedOptions } from "./unsplash.ts";

const answer = z.object({
  hits: z.array(
    z.object({
      pageURL: z.url(),
      tags: z.string(),
      largeImageURL: z.url(),
      user: z.string(),
      user_id: z.number(),
    }),
  ),
});

/** Pixabay (https://pixabay.com/api/docs): 100 requests a minute; answers must be kept for 24 hours, which a committed unit does. */
export function createPixabay(client: PoliteClient, { key, baseUrl = "https://pixabay.com" }: KeyedOptions): SearchApi {
  return {
    name: "pixabay",
    perPage: 100,
    search: async (phrase, page, signal) => {
      const query = new URLSearchParams({
        key,
        // The API takes 100 characters at most.
        q: phrase.slice(0, 100),
        page: String(page),
        per_page: "100",
        image_type: "photo",
        safesearch: "true",
      });
      const reply = await client.getJson(`${baseUrl}/api/?${query}`, { signal });
      const { hits } = parseAnswer("pixabay", answer, reply);
      return hits.map((hit): SearchHit => ({
        imageUrl: hit.largeImageURL,
        pageUrl: hit.pageURL,
        licence: { id: "Pixabay", url: "https://pixabay.com/service/license-summary/" },
        attribution: `Photo by ${hit.user} on Pixabay`,
        creator: String(hit.user_id),
        alt: hit.tags,
      }));
    },
  };
}
