import { CONTEXTS, type ContextName, EMOTIONS_27, type EmotionName } from "@moodifier/emotion";
import { ArchiveError } from "../../archive-error.ts";
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

/** Raised when the same search would be cut or read otherwise. */
const VERSION = 2;

/** What to search for. */
export interface SearchOptions {
  readonly phrases: PhraseTable;
  /** Hits taken for each phrase, at most; those that are declined count. */
  readonly perPhrase: number;
  readonly emotions?: readonly EmotionName[] | undefined;
  readonly contexts?: readonly ContextName[] | undefined;
}

/** One unit of work. */
interface PhraseSpec {
  readonly emotion: EmotionName;
  readonly context: ContextName;
  readonly phrase: string;
  /** Place of the first hit among all of the phrase, from 0, and how many are taken. */
  readonly first: number;
  readonly take: number;
}

/**
 * Turns a search API into a provider: a unit is a stretch of one phrase's hits, of whole pages where they fit into it. Pictures of one creator are a group.
 * Throws ArchiveError OPTION_INVALID.
 */
export function createSearchProvider(api: SearchApi, client: PoliteClient, options: SearchOptions): Provider {
  const { phrases, perPhrase, emotions = EMOTIONS_27, contexts = CONTEXTS } = options;
  if (!Number.isInteger(perPhrase) || perPhrase < 1) {
    throw new ArchiveError("OPTION_INVALID", `per-phrase: expected a whole number from 1, got ${perPhrase}`);
  }
  return {
    name: api.name,
    settings: { version: VERSION, phrases, perPhrase, emotions, contexts, perPage: api.perPage },
    concurrency: 4,
    async *plan({ unitSize }: PlanRequest) {
      // A page that is cut in two is asked for twice.
      const most = unitSize < api.perPage ? unitSize : unitSize - (unitSize % api.perPage);
      for (const emotion of emotions) {
        for (const context of contexts) {
          for (const phrase of phrases[emotion]?.[context] ?? []) {
            for (let first = 0; first < perPhrase; first += most) {
              const take = Math.min(most, perPhrase - first);
              yield { spec: { emotion, context, phrase, first, take }, expected: take };
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
  { emotion, context, phrase, first, take }: PhraseSpec,
  signal: AbortSignal | undefined,
): AsyncGenerator<Candidate | Declined> {
  const end = first + take;
  for (let page = Math.floor(first / api.perPage); page * api.perPage < end; page++) {
    const start = page * api.perPage;
    const hits = await api.search(phrase, page + 1, signal);
    for (const hit of hits.slice(Math.max(0, first - start), end - start)) {
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
