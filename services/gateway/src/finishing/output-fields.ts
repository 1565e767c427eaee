import { OUTPUT_TYPES, type OutputFormat } from "@moodifier/inference";
import { z } from "zod";
import { refuse } from "../http/refuse.ts";

/** How the result is to be written; JSON values. */
export interface OutputSettings {
  readonly format?: OutputFormat;
  readonly quality?: number;
  readonly profile?: "source" | "srgb";
  readonly matte?: string;
  readonly maxBytes?: number;
}

const formats = Object.keys(OUTPUT_TYPES) as [OutputFormat, ...OutputFormat[]];

/** The fields of a request that say how the result is written. */
export const outputFields = {
  output_format: z.enum(formats).optional().describe("png (default, exact), jpeg, webp or avif."),
  output_quality: z.int().min(1).max(100).optional().describe("Quality of jpeg, webp and avif."),
  output_profile: z
    .enum(["source", "srgb"])
    .optional()
    .describe("source (default) keeps an RGB colour profile and its samples, srgb converts."),
  output_matte: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, { error: "expected a colour such as #ffffff" })
    .optional()
    .describe("Colour behind transparent parts of a jpeg."),
  output_max_bytes: z.int().min(256).optional().describe("Largest file; the best quality that fits is taken."),
};

const schema = z.object(outputFields);

/**
 * The settings of checked fields; undefined when none is set.
 * @throws MoodError INVALID_ARGUMENT OUTPUT_OPTION_UNSUPPORTED when the format has no such option, or a jpeg of a picture with alpha lacks a matte.
 */
export function toOutput(fields: z.output<typeof schema>, hasAlpha: boolean): OutputSettings | undefined {
  const {
    output_format: format = "png",
    output_quality: quality,
    output_matte: matte,
    output_max_bytes: maxBytes,
  } = fields;
  const unsupported = (argument: string, expected: string, got: string) =>
    refuse("OUTPUT_OPTION_UNSUPPORTED", { argument, expected, got });
  if (format === "png" && quality !== undefined)
    throw unsupported("output_quality", "none with png, which is exact", String(quality));
  if (format === "png" && maxBytes !== undefined)
    throw unsupported("output_max_bytes", "none with png, which is exact", String(maxBytes));
  if (format !== "jpeg" && matte !== undefined)
    throw unsupported("output_matte", `none with ${format}, which has alpha`, matte);
  if (format === "jpeg" && hasAlpha && matte === undefined) {
    throw unsupported(
      "output_matte",
      "a colour such as #ffffff, since the picture has alpha and jpeg has none",
      "nothing",
    );
  }
  if (Object.values(fields).every((value) => value === undefined)) return undefined;
  const { output_profile: profile } = fields;
  return {
    format,
    ...(quality !== undefined && { quality }),
    ...(profile !== undefined && { profile }),
    ...(matte !== undefined && { matte }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}
