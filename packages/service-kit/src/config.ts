import { z } from "zod";
import { MoodError } from "./errors/mood-error.ts";

/** Settings of every gRPC service; spread them into the service's own `z.object`. */
export const serviceSettings = {
  /** Address to listen on. */
  host: z.string().min(1).default("127.0.0.1"),
  /** Port to listen on; 0 picks a free one. */
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Port of the Prometheus endpoint; 0 switches it off. */
  metricsPort: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Least severe level that is logged. */
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Whether to answer gRPC reflection; for development. */
  reflection: z.union([z.boolean(), z.stringbool()]).default(false),
  /** Milliseconds that running calls get to finish on shutdown, 0..3,600,000. */
  drainMs: z.coerce.number().int().min(0).max(3_600_000).default(120_000),
};

/** Settings of every service that runs a model. */
export const modelSettings = {
  /** Folder of the model family, with its `manifest.json`. */
  modelDir: z.string().min(1),
  /** Threads for each model, 1..256. */
  threads: z.coerce.number().int().min(1).max(256).default(1),
  /** Where graphs run: "cpu", "cuda" or "cuda:N". A GPU that cannot be used stops the service; it never falls back to the CPU. */
  device: z
    .string()
    .regex(/^(cpu|cuda(:\d+)?)$/, "must be cpu, cuda or cuda:N")
    .default("cpu"),
  /** Arithmetic of graphs that were exported in several; "auto" takes float16 on a GPU, and int8 on a CPU with int8 dot products. */
  precision: z.enum(["auto", "fp32", "fp16", "int8"]).default("auto"),
  /** Whether the CPU gets copies of the weights in the order that it reads them. Without, processes of one float32-stored family share most of them, and edits are slower. */
  prepack: z.union([z.boolean(), z.stringbool()]).default(true),
  /** Calls that may wait while others run, 0..10,000; a further one is refused. */
  maxQueue: z.coerce.number().int().min(0).max(10_000).default(16),
};

/** What a model is opened with, from {@link modelSettings}. */
export function placement({ threads, device, precision, prepack }: z.output<z.ZodObject<typeof modelSettings>>) {
  return { threads, device, precision, prepack };
}

/** The environment variable of a setting: `modelDir` is `MOODIFIER_MODEL_DIR`. */
export function environmentName(setting: string): string {
  return `MOODIFIER_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads the settings of `schema` from environment variables (see {@link environmentName}); an empty variable counts as unset.
 * @throws MoodError INVALID_ARGUMENT, reason CONFIG_INVALID, that lists every faulty variable at once and prints no value.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const input: Record<string, string> = {};
  for (const setting of Object.keys(schema.shape)) {
    const value = env[environmentName(setting)];
    if (value !== undefined && value !== "") input[setting] = value;
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const setting = String(issue.path[0] ?? "");
    const known = setting in input || issue.code === "custom";
    return `${environmentName(setting)}: ${known ? issue.message : "required, but not set"}`;
  });
  throw new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", `invalid configuration: ${faults.join("; ")}`, {
    details: { faults },
  });
}
