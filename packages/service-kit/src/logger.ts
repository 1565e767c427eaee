import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Fields that may hold a picture, a prompt, an embedding or a secret; their values never reach the log. */
const PRIVATE_FIELDS = new Set(
  "image images mask maskpng preview data bytes prompt prompts text texts caption sourcecaption targetprompt rawreply descriptors embedding embeddings states tokens authorization apikey token secret password".split(
    " ",
  ),
);
const MAX_DEPTH = 4;

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Name of the service; on every line. */
  readonly service: string;
  /** Least severe level that is written; "info" unless told. */
  readonly level?: string;
  /** Where lines go; standard output unless told. */
  readonly destination?: DestinationStream;
}

/** A JSON-lines logger. Binary values and the fields in which pictures, prompts and secrets travel are replaced by their size. */
export function createLogger({ service, level = "info", destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => scrub(fields, 0),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

function scrub(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, scrubValue(name, value, depth)]));
}

function scrubValue(name: string, value: unknown, depth: number): unknown {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (
    PRIVATE_FIELDS.has(name.toLowerCase().replace(/[_-]/g, "")) &&
    value !== undefined &&
    typeof value !== "boolean"
  ) {
    return typeof value === "string" ? `[${value.length} characters]` : "[removed]";
  }
  if (value === null || typeof value !== "object" || value instanceof Error) return value;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => scrubValue("", item, depth + 1));
  return Object.getPrototypeOf(value) === Object.prototype ? scrub(value as Record<string, unknown>, depth + 1) : value;
}
