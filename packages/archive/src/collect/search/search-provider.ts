import { CONTEXTS, type ContextName, EMOTIONS_27, type EmotionName } from "@moodifier/emotion";
import type { PhraseTable } from "../../expand/phrases.ts";
import type { UnitSpec } from "../../store/plan.ts";
import type { PoliteClient } from "../http/polite-client.ts";
import type { Candidate, Declined, PlanRequest, Provider } from "../provider.ts";

/** A picture as a search API describes it. */
export interface SearchHit {
  readonly imageUrl: string;
  /** The page that shows the picture to people. */
  readonly pageUrl: string;
  readonly licence: { readonly id: string; readonly url?: string };
  readonly attribution: string;
  /** The creator's identity at the source; absent when it is unknown. */
  readonly creator?: string;
  readonly alt?: string;
  /** Called when the picture is taken, where the terms ask for it. */
  readonly onDownload?: (signal: AbortSignal | undefined) => Promise<void>;
  /** Why it is not wanted. */
  readonly declined?: string;
}

/** What differs between picture search APIs. */
export interface SearchApi {
  readonly name: string;
  /** Hits of one page, at most. */
  readonly perPage: number;
  /** Asks one page, from 1; empty past the last. Throws ArchiveError PROVIDER_FAILED. */
  search(phrase: string, page: number, signal: AbortSignal | undefined): Promise<readonly SearchHit[]>;
}

/** What to search for. */
export interface SearchOptions {
  readonly phrases: PhraseTable;
  /** Pictures asked for each phrase. */
  readonly perPhrase: number;
  readonly emotions?: readonly EmotionName[] | undefined;
  readonly contexts?: readonly ContextName[] | undefined;
}

/** One unit of work. */
interface PhraseSpec {
  readonly emotion: EmotionName;
  readonly context: ContextName;
  readonly phrase: string;
  /** First page and how many. */
  readonly page: number;
  readonly pages: number;
}

/** Turns a search API into a provider: a unit is some pages of one phrase. Pictures of one creator are a group. */
export function createSearchProvider(api: SearchApi, client: PoliteClient, options: SearchOptions): Provider {
  const { phrases, perPhrase, emotions = EMOTIONS_27, contexts = CONTEXTS } = options;
  return {
    name: api.name,
    settings: { phrases, perPhrase, emotions, contexts, perPage: api.perPage },
    concurrency: 4,
    async *plan({ unitSize }: PlanRequest) {
      const wanted = Math.ceil(perPhrase / api.perPage);
      const pages = Math.max(1, Math.min(wanted, Math.floor(unitSize / api.perPage)));
      for (const emotion of emotions) {
        for (const context of contexts) {
          for (const phrase of phrases[emotion]?.[context] ?? []) {
            for (let page = 1; page <= wanted; page += pages) {
              const spec = { emotion, context, phrase, page, pages: Math.min(pages, wanted - page + 1) };
              yield { spec, expected: spec.pages * api.perPage };
            }
          }
        }
      }
    },
    list: (spec, signal) => listPhrase(api, client, spec as UnitSpec & PhraseSpec, signal),
  };
}

async function* listPhrase(
  api: SearchApi,
  client: PoliteClient,
  { emotion, context, phrase, page, pages }: PhraseSpec,
  signal: AbortSignal | undefined,
): AsyncGenerator<Candidate | Declined> {
  for (let at = page; at < page + pages; at++) {
    const hits = await api.search(phrase, at, signal);
    for (const hit of hits) {
      if (hit.declined !== undefined) yield { declined: "LICENCE", detail: hit.declined, uri: hit.pageUrl };
      else yield { ...describe(api.name, hit, client), emotion, context, phrase };
    }
    if (hits.length < api.perPage) return;
  }
}

function describe(name: string, hit: SearchHit, client: PoliteClient): Omit<Candidate, "context"> {
  const { imageUrl, pageUrl, licence, attribution, creator, alt, onDownload } = hit;
  return {
    uri: pageUrl,
    licence,
    attribution,
    ...(creator !== undefined && { group: `${name}:${creator}` }),
    ...(alt && { alt }),
    open: async (signal) => {
      const picture = await client.getImage(imageUrl, { robots: true, signal });
      await onDownload?.(signal);
      return picture;
    },
  };
}
