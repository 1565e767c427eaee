import { z } from "zod";

const unit = z.number().min(0).max(1);
const size = z.int().positive();
const relativePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.includes("\\") && !path.split("/").includes(".."), {
    error: "must be a relative path with forward slashes and without '..'",
  });

/** One input or output of a graph. `dims`: a number is fixed, a name is free but equal wherever it appears in one run. */
const portSchema = z.object({
  dtype: z.enum(["float32", "int64", "uint8"]),
  dims: z.array(z.union([z.int().nonnegative(), z.string().min(1)])),
});

/** The same graph in another arithmetic, with the same inputs and outputs. */
const variantSchema = z.object({ file: relativePath, data: z.array(relativePath).default([]) });

const graphSchema = z.object({
  file: relativePath,
  /** Files beside it that hold its weights (ONNX external data); needed above 2 GB. */
  data: z.array(relativePath).optional(),
  inputs: z.record(z.string(), portSchema),
  outputs: z.record(z.string(), portSchema),
  /** How the weights are stored; float16 is folded to float32 when the session is made. */
  storage: z.enum(["float32", "float16"]).default("float32"),
  /** `fp16` computes in float16 and is made for GPUs; `int8` quantizes weights and activations and is made for CPUs with int8 dot products. */
  variants: z.object({ fp16: variantSchema.optional(), int8: variantSchema.optional() }).optional(),
});

const clipTokenizerSchema = z.object({
  kind: z.literal("clip-bpe"),
  vocab: relativePath,
  merges: relativePath,
  startToken: z.int().nonnegative(),
  endToken: z.int().nonnegative(),
  padToken: z.int().nonnegative(),
  /** Longest sequence in tokens, start and end included. */
  maxLength: z.int().min(2),
});

const byteTokenizerSchema = z.object({
  kind: z.literal("byte-bpe"),
  vocab: relativePath,
  merges: relativePath,
  bosToken: z.int().nonnegative(),
  sepToken: z.int().nonnegative(),
  eosToken: z.int().nonnegative(),
  padToken: z.int().nonnegative(),
  maxLength: size,
});

/** How pixels 0..1 become input: `(x - mean) / std` per RGB channel at `size` x `size`. */
const pixelInputSchema = z.object({
  size,
  mean: z.array(z.number()).length(3),
  std: z.array(z.number().positive()).length(3),
});

const imageSchema = z.object({
  /** Working size of the denoiser in pixels; other sizes must be multiples of `multiple`. */
  size,
  multiple: size,
  clip: pixelInputSchema.optional(),
  planner: pixelInputSchema.optional(),
  segmenter: z.object({ size, labels: z.array(z.string()).min(1) }).optional(),
});

const textSchema = z.object({
  width: size,
  embeddingWidth: size,
  maxLength: size,
  /** Text states are padded to a multiple of this many tokens. */
  lengthMultiple: size.default(1),
  /** exp(t): what cosine similarities are multiplied by before a softmax. */
  logitScale: z.number().positive(),
});

const noiseScheduleSchema = z.object({
  kind: z.enum(["scaled_linear", "linear"]),
  betaStart: z.number().positive().lt(1),
  betaEnd: z.number().positive().lt(1),
  trainTimesteps: size,
  prediction: z.enum(["epsilon", "v_prediction", "sample"]),
  /** Number of DDIM steps on which LCM distillation stood; the step table is drawn from them. */
  originalSteps: size,
});

const presetSchema = z.object({
  steps: size.max(50).optional(),
  guidanceScale: z.number().gt(1).max(15).optional(),
  crossReplace: unit.optional(),
  selfReplace: unit.optional(),
  featherPx: z.number().min(0).max(64).optional(),
});

/** manifest.json of a model family, schema version 1. Keys that the schema does not name are dropped. */
export const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.string().min(1),
  family: z.string().min(1),
  version: z.string().min(1),
  licence: z.string().min(1),
  files: z.record(
    relativePath,
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
      bytes: z.int().nonnegative(),
    }),
  ),
  graphs: z.record(z.string(), graphSchema),
  tokenizers: z.object({ clip: clipTokenizerSchema.optional(), planner: byteTokenizerSchema.optional() }),
  text: textSchema,
  image: imageSchema,
  latent: z.object({
    channels: size,
    factor: size,
    scalingFactor: z.number().positive(),
    shiftFactor: z.number().default(0),
  }),
  noiseSchedule: noiseScheduleSchema,
  denoiser: z.object({
    /** Transformer layers in execution order. */
    layers: size,
    crossWidth: size,
    headCounts: z.array(size),
    mapSize: z.union([z.literal("lowest"), size]).default("lowest"),
  }),
  planner: z
    .object({
      /** Sizes of the decoder; absent when the family has no planner of its own and a chat server plans. */
      layers: size.optional(),
      heads: size.optional(),
      headDim: size.optional(),
      imageTokens: size.optional(),
      categories: z.array(z.string()).min(1),
      labels: z.array(z.string()).min(1),
      /** How to tell pictures outside the training data: those with a larger `domain_distance` (output of `planner_vision`) are marked. */
      domain: z.object({ kind: z.literal("mahalanobis"), threshold: z.number().positive() }).optional(),
    })
    .optional(),
  defaults: z.object({
    steps: size.max(50),
    guidanceScale: z.number().gt(1).max(15),
    crossReplace: unit,
    selfReplace: unit,
    featherPx: z.number().min(0).max(64),
  }),
  /** Edit kind -> what differs from `defaults`. */
  presets: z.record(z.string(), presetSchema).default({}),
  /** Sentence for zero-shot emotion scores; `{emotion}` is replaced. */
  emotionPrompts: z.string().includes("{emotion}"),
  provenance: z.looseObject({}),
});

/** A checked manifest. */
export type Manifest = z.infer<typeof manifestSchema>;
/** One graph of a manifest. */
export type GraphEntry = z.infer<typeof graphSchema>;
/** One graph input or output. */
export type GraphPort = z.infer<typeof portSchema>;
/** Settings of the CLIP tokenizer. */
export type ClipTokenizerEntry = z.infer<typeof clipTokenizerSchema>;
/** Settings of the planner's tokenizer. */
export type ByteTokenizerEntry = z.infer<typeof byteTokenizerSchema>;
