import { z } from "zod";
import type { PoliteClient } from "../http/polite-client.ts";
import { parseAnswer } from "./parse-answer.ts";
import type { SearchApi, SearchHit } from "./search-provider.ts";

export interface OpenverseOptions {
  /** OAuth access token; without one the API allows 20 hits a page and one request a second. */
  readonly token?: string | undefined;
  /** Licence codes that are wanted. Those that forbid changes or business are not, unless told. */
  readonly licences?: readonly string[];
  readonly baseUrl?: string;
}

/** Licences under which a changed picture may be passed on, also in business. */
const DEFAULT_LICENCES = ["cc0", "pdm", "by", "by-sa"];

const answer = z.object({
  results: z.array(
    z.object({
      url: z.url(),
      foreign_landing_url: z.string().nullish(),
      title: z.string().nullish(),
      creator: z.string().nullish(),
      creator_url: z.string().nullish(),
      license: z.string(),
      license_version: z.string().nullish(),
      license_url: z.string().nullish(),
      attribution: z.string().nullish(),
      mature: z.boolean().nullish(),
    }),
  ),
});

/** Openverse: openly licensed pictures of many collections (https://api.openverse.org, version 1). */
export function createOpenverse(client: PoliteClient, options: OpenverseOptions = {}): SearchApi {
  const { token, licences = DEFAULT_LICENCES, baseUrl = "https://api.openverse.org" } = options;
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return {
    name: "openverse",
    perPage: 20,
    search: async (phrase, page, signal) => {
      const query = new URLSearchParams({
        q: phrase,
        page: String(page),
        page_size: "20",
        license: licences.join(","),
      });
      const reply = await client.getJson(`${baseUrl}/v1/images/?${query}`, { headers, intervalMs: 1100, signal });
      const { results } = parseAnswer("openverse", answer, reply);
      return results.map((hit): SearchHit => {
        const wanted = licences.includes(hit.license.toLowerCase());
        const unwanted = hit.mature === true ? "marked as mature" : `licence ${hit.license}`;
        const creator = hit.creator_url ?? hit.creator;
        return {
          imageUrl: hit.url,
          pageUrl: hit.foreign_landing_url ?? hit.url,
          licence: { id: spdxOf(hit.license, hit.license_version), ...(hit.license_url && { url: hit.license_url }) },
          attribution: hit.attribution ?? hit.creator ?? "",
          ...(creator && { creator }),
          ...(hit.title && { alt: hit.title }),
          ...((!wanted || hit.mature === true) && { declined: unwanted }),
        };
      });
    },
  };
}

/** The SPDX identifier of a Creative Commons code, for example by-sa and 4.0. */
function spdxOf(code: string, version: string | null | undefined): string {
  if (code === "cc0") return `CC0-${version ?? "1.0"}`;
  if (code === "pdm") return "CC-PDDC";
  return `CC-${code.toUpperCase()}-${version ?? "4.0"}`;
}
