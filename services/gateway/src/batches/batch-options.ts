import { z } from "zod";
import { editFieldsSchema } from "../edits/edit-fields.ts";
import { quote, refuse } from "../http/refuse.ts";

/** Fields of a row that say how to edit; the same as of a single edit, without those that make no sense in a batch. */
export const rowEditFields = Object.keys(editFieldsSchema.shape).filter((name) => name !== "preview_every");

/** Fields of a row beside those of the edit. */
export const rowPlaceFields = ["id", "image", "mask", "sku", "variant", "position"] as const;

/** Everything that a row may say. */
export const rowFields: readonly string[] = [...rowPlaceFields, ...rowEditFields];

const side = z.int().min(1).max(16_384);

export const renditionSchema = z
  .strictObject({
    label: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, "expected lower-case letters, digits and dashes")
      .optional()
      .describe("Value of {rendition}; unset: the format."),
    format: z.enum(["png", "jpeg", "webp", "avif", "tiff"]).default("png"),
    width: side.optional().describe("Pixels; unset follows the height, or the picture."),
    height: side.optional().describe("Pixels; unset follows the width, or the picture."),
    fit: z
      .enum(["inside", "contain", "cover"])
      .default("inside")
      .describe("inside: never larger than the box; contain: the box, padded; cover: the box, cut."),
    quality: z.int().min(1).max(100).optional().describe("Of jpeg, webp and avif; with max_bytes the best to try."),
    max_bytes: z.int().min(1000).max(64_000_000).optional().describe("The quality is lowered until the file fits."),
    icc: z.enum(["keep", "srgb", "p3"]).default("keep").describe("Colour profile of the file."),
    background: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, "expected a colour such as #ffffff")
      .default("#ffffff")
      .describe("Laid under transparent pixels of jpeg, and around a contained picture."),
  })
  .meta({ id: "Rendition", description: "One file that is made of each result." });

export type Rendition = z.output<typeof renditionSchema>;

const text = z.string().min(1).max(1024);

/** The options of a batch; they come as the JSON text `options` beside the manifest. */
export const batchOptionsSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional().describe("For people."),
    format: z.enum(["csv", "jsonl"]).optional().describe("Of the manifest; unset: JSON lines when it begins with {."),
    delimiter: z.string().length(1).optional().describe("Of CSV; unset: guessed from the first line."),
    source: text.optional().describe("s3://bucket/prefix: a row for each picture there, instead of a manifest."),
    columns: z
      .partialRecord(z.enum(rowFields as [string, ...string[]]), text)
      .default({})
      .describe("Field to column, for columns that are called otherwise."),
    defaults: z
      .partialRecord(z.enum(rowFields as [string, ...string[]]), z.union([z.string(), z.number()]))
      .default({})
      .describe("Values of fields that a row leaves empty."),
    plan_id: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe("All rows follow this stored plan, so that a catalogue keeps one look; it says emotion and intensity."),
    input_prefix: text.optional().describe("Put before each `image` and `mask` that is neither a URL nor an upload."),
    output: z
      .strictObject({
        to: text
          .optional()
          .describe("s3://bucket/prefix or folder:path; unset keeps the files in the gateway's storage."),
        name: text.default("{row:05}_{emotion}.{ext}").describe("Pattern, or amazon, sku_position, folder_per_sku."),
        renditions: z
          .array(renditionSchema)
          .min(1)
          .max(8)
          .default([renditionSchema.parse({})]),
      })
      .prefault({}),
    invalid_rows: z
      .enum(["fail", "refuse"])
      .default("fail")
      .describe("fail: a faulty row fails and the others run; refuse: nothing runs."),
    priority: z
      .int()
      .min(-100)
      .max(100)
      .default(0)
      .describe("Urgency among the tenant's own batches; the higher the sooner."),
    dry_run: z.boolean().default(false).describe("Check every row, run only the first good one, estimate the rest."),
  })
  .meta({ id: "BatchOptions", description: "How to read a manifest and where results go." });

export type BatchOptions = z.output<typeof batchOptionsSchema>;

/** Checks options. Throws OPTION_INVALID, which names each fault. */
export function readBatchOptions(value: unknown): BatchOptions {
  const checked = batchOptionsSchema.safeParse(value ?? {});
  if (checked.success) return checked.data;
  const [first, ...others] = checked.error.issues.map((issue) => {
    const argument = ["options", ...issue.path.map(String)].join(".");
    return refuse("OPTION_INVALID", { argument, expected: issue.message, got: quote(valueAt(value, issue.path)) });
  });
  if (!first) throw new TypeError("a failed check names at least one fault");
  if (others.length === 0) throw first;
  const errors = [first, ...others].map(({ details, message }) => ({
    pointer: `/${String(details["argument"]).replaceAll(".", "/")}`,
    detail: message,
  }));
  const { expected, got, argument } = first.details as { expected: string; got: string; argument: string };
  throw withErrors(refuse("OPTION_INVALID", { argument, expected, got }), errors);
}

/** The error with a list of all faults. */
export function withErrors<E extends Error & { details: object }>(error: E, errors: readonly object[]): E {
  return Object.assign(error, { details: { ...error.details, errors } });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
