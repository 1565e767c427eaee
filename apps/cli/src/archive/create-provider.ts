import {
  type Archive,
  createFolderProvider,
  createHttpListProvider,
  createOpenverse,
  createPexels,
  createPixabay,
  createSearchProvider,
  createUnsplash,
  createWorldProvider,
  PoliteClient,
  type Provider,
  readPhrases,
  type SearchApi,
} from "@moodifier/archive";
import { CONTEXTS, EmotionError, type EmotionName, findEmotion } from "@moodifier/emotion";
import { chromiumMissing, findChromium, WORLD_CATEGORIES, type WorldCategory } from "@moodifier/world";
import { UsageError } from "../output/failure.ts";
import { readNumber } from "./read-number.ts";

/** The options that choose and set up a provider. */
export interface ProviderOptions {
  readonly provider?: string;
  readonly count?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly categories?: string;
  readonly dir?: string;
  readonly list?: string;
  readonly perPhrase?: string;
  readonly emotions?: string;
  readonly contexts?: string;
  readonly contact?: string;
  readonly skipUnreachable?: boolean;
  readonly context?: string;
  readonly licence?: string;
  readonly licenceUrl?: string;
  readonly attribution?: string;
}

/** Bytes that a picture may have. */
const MAX_BYTES = 20 * 2 ** 20;

/**
 * The provider that the options name; `note` takes a line about what it will not do. Keys come from the environment, so that they appear in no process list.
 * Throws UsageError and ArchiveError OPTION_INVALID.
 */
export async function createProvider(
  options: ProviderOptions,
  archive: Archive,
  note: (line: string) => void,
): Promise<Provider> {
  switch (options.provider) {
    case "world":
      return createWorld(options, note);
    case "folder":
      return createFolder(options);
    case "http-list":
      return createHttpListProvider(
        required("--list", "a JSONL file of pictures", options.list),
        createClient(options),
      );
    default:
      return createSearch(options, archive);
  }
}

/** Everything that MoodWorld draws where Chromium is; faces alone, and why, where it is not. */
function createWorld(options: ProviderOptions, note: (line: string) => void): Provider {
  let categories = options.categories?.split(",") ?? ["all"];
  if (categories.includes("all")) {
    categories = findChromium() === undefined ? ["face"] : [...WORLD_CATEGORIES];
    if (categories.length === 1) note(`only faces are drawn: ${chromiumMissing().message}\n`);
  }
  return createWorldProvider({
    count: readNumber(options, "count"),
    seed: readNumber(options, "seed"),
    size: readNumber(options, "size"),
    categories: categories as WorldCategory[],
  });
}

function createFolder(options: ProviderOptions): Provider {
  const dir = required("--dir", "the folder of pictures", options.dir);
  const id = required("--licence", "the licence of the pictures", options.licence);
  const { licenceUrl: url, attribution = "" } = options;
  const context = CONTEXTS.find((name) => name === options.context) ?? "object";
  return createFolderProvider({ dir, context, licence: { id, ...(url && { url }) }, attribution, maxBytes: MAX_BYTES });
}

async function createSearch(options: ProviderOptions, archive: Archive): Promise<Provider> {
  const client = createClient(options);
  const contexts = options.contexts?.split(",").map((name) => {
    const known = CONTEXTS.find((context) => context === name);
    if (known === undefined) throw new UsageError(`--contexts: expected some of ${CONTEXTS.join(", ")}, got "${name}"`);
    return known;
  });
  return createSearchProvider(createApi(options.provider ?? "", client), client, {
    phrases: await readPhrases(archive),
    perPhrase: readNumber(options, "perPhrase"),
    emotions: options.emotions?.split(",").map(readEmotion),
    contexts,
  });
}

function readEmotion(name: string): EmotionName {
  try {
    return findEmotion(name);
  } catch (error) {
    if (error instanceof EmotionError) throw new UsageError(`--emotions: ${error.message}`, { cause: error });
    throw error;
  }
}

function createApi(name: string, client: PoliteClient): SearchApi {
  const variable = `MOODIFIER_${name.toUpperCase()}_KEY`;
  const key = process.env[variable];
  if (name === "openverse") return createOpenverse(client, { token: key });
  if (key === undefined || key === "")
    throw new UsageError(`${variable}: expected the API key of ${name}, got nothing`);
  if (name === "unsplash") return createUnsplash(client, { key });
  return name === "pexels" ? createPexels(client, { key }) : createPixabay(client, { key });
}

/** Servers see whom to write to when something goes wrong. */
function createClient(options: ProviderOptions): PoliteClient {
  const contact = required("--contact", "an address or page that servers' owners can write to", options.contact);
  const { skipUnreachable = false } = options;
  return new PoliteClient({ userAgent: `moodarchive (+${contact})`, maxBytes: MAX_BYTES, skipUnreachable });
}

function required(option: string, what: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new UsageError(`${option}: expected ${what}, got nothing`);
}
