import { extname } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../output/failure.ts";

/** Formats that an edited picture may have, with the ends of file names that ask for them; the first is usual. */
const endings = { png: [".png"], jpeg: [".jpg", ".jpeg"], webp: [".webp"], avif: [".avif"] } as const;

type Format = keyof typeof endings;

export interface FormatOptions {
  readonly out: string;
  readonly format?: string;
  readonly quality?: string;
  readonly profile?: string;
  readonly matte?: string;
  readonly maxBytes?: string;
}

/** Adds the options that say how the edited picture is written. */
export function addFormatOptions(command: Command): Command {
  return command
    .option("--format <png|jpeg|webp|avif>", "of the edited picture; by its name unless told")
    .option("--quality <1..100>", "of jpeg, webp and avif; with --max-bytes the best to try")
    .option("--profile <source|srgb>", "keep the colour profile of the picture, or convert (default: source)")
    .option("--matte <#rrggbb>", "colour behind transparent parts of a jpeg")
    .option("--max-bytes <number>", "largest file of jpeg, webp and avif; the best quality that fits is taken");
}

/** Ends that the output's name may have. Throws UsageError for a format that doesn't exist. */
export function endingsOf(format: string | undefined): readonly string[] {
  if (format === undefined) return Object.values(endings).flat();
  if (Object.hasOwn(endings, format)) return endings[format as Format];
  throw new UsageError(`--format: expected ${Object.keys(endings).join(", ")}, got "${format}"`);
}

/** The fields of the API that say the same. The output's name has one of {@link endingsOf}. */
export function toFormatFields(options: FormatOptions): Readonly<Record<string, string | undefined>> {
  const { out, format, quality, profile, matte, maxBytes } = options;
  const ending = extname(out).toLowerCase();
  const named = Object.entries(endings).find(([, known]) => (known as readonly string[]).includes(ending))?.[0];
  return {
    output_format: format ?? named,
    output_quality: quality,
    output_profile: profile,
    output_matte: matte,
    output_max_bytes: maxBytes,
  };
}
