import { type Archive, createFolderProvider, createWorldProvider, type Provider } from "@moodifier/archive";
import { CONTEXTS } from "@moodifier/emotion";
import { UsageError } from "../output/failure.ts";

/** The options that choose and set up a provider. */
export interface ProviderOptions {
  readonly provider?: string;
  readonly count?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly dir?: string;
  readonly context?: string;
  readonly licence?: string;
  readonly licenceUrl?: string;
  readonly attribution?: string;
}

/** The provider that the options name. */
export async function createProvider(options: ProviderOptions, _archive: Archive): Promise<Provider> {
  if (options.provider === "world") {
    const { count, seed, size } = options;
    return createWorldProvider({ count: Number(count), seed: Number(seed), size: Number(size) });
  }
  const { dir, licence, licenceUrl, attribution = "" } = options;
  if (dir === undefined) throw new UsageError("--dir: expected the folder of pictures, got nothing");
  if (licence === undefined) throw new UsageError("--licence: expected the licence of the pictures, got nothing");
  const context = CONTEXTS.find((name) => name === options.context) ?? "object";
  const terms = { id: licence, ...(licenceUrl !== undefined && { url: licenceUrl }) };
  return createFolderProvider({ dir, context, licence: terms, attribution, maxBytes: 20 * 2 ** 20 });
}
