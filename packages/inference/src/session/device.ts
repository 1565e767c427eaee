import { readFileSync } from "node:fs";
import { InferenceError } from "../inference-error.ts";
import type { GraphEntry } from "../manifest/manifest-schema.ts";

/** Where graphs run. */
export interface Device {
  readonly kind: "cpu" | "cuda";
  /** Number of the GPU, 0 for the first. */
  readonly index: number;
}

/** Which arithmetic to run a graph in; "auto" chooses by device. */
export type PrecisionSetting = "auto" | "fp32" | "fp16" | "int8";

/** Reads "cpu", "cuda" or "cuda:N". Throws RangeError for anything else. */
export function parseDevice(text: string): Device {
  const match = /^(?:cpu|cuda(?::(\d+))?)$/.exec(text);
  if (!match) throw new RangeError(`device must be cpu, cuda or cuda:N, got "${text.slice(0, 40)}"`);
  return { kind: text === "cpu" ? "cpu" : "cuda", index: Number(match[1] ?? 0) };
}

/** The files of one graph as it is to be run. */
export interface GraphChoice {
  readonly precision: "fp32" | "fp16" | "int8";
  readonly file: string;
  readonly data: readonly string[];
}

/**
 * The files of `graph` for a device: "auto" takes float16 on a GPU and, on a CPU with int8 dot products, int8 where the graph has such a
 * variant, else float32. Throws InferenceError PRECISION_UNAVAILABLE when a named precision is missing: nothing is replaced in silence.
 */
export function chooseGraph(
  role: string,
  graph: GraphEntry,
  setting: PrecisionSetting,
  device: Device,
  hasInt8Dot: () => boolean = cpuHasInt8Dot,
): GraphChoice {
  const { fp16, int8 } = graph.variants ?? {};
  const plain = { precision: "fp32", file: graph.file, data: graph.data ?? [] } as const;
  if (setting === "fp32") return plain;
  if (setting === "auto") {
    if (device.kind === "cuda" && fp16) return { precision: "fp16", file: fp16.file, data: fp16.data };
    if (device.kind === "cpu" && int8 && hasInt8Dot()) return { precision: "int8", file: int8.file, data: int8.data };
    return plain;
  }
  const variant = setting === "fp16" ? fp16 : int8;
  // Precision is chosen for a whole model; only graphs that were exported so have variants.
  if (!variant && graph.variants) {
    const have = ["fp32", ...Object.keys(graph.variants)].join(", ");
    throw new InferenceError("PRECISION_UNAVAILABLE", `${role}: expected precision ${have} or auto, got ${setting}`);
  }
  return variant ? { precision: setting, file: variant.file, data: variant.data } : plain;
}

/** Instructions that multiply and add bytes: without them int8 is slower than float32. */
const INT8_FLAGS = ["avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"];

/** Whether this machine's CPU says that it has int8 dot products; false where it cannot be known. */
export function cpuHasInt8Dot(): boolean {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
    const flags = new Set(line.trim().split(/\s+/));
    return INT8_FLAGS.some((flag) => flags.has(flag));
  } catch {
    return false;
  }
}
