import { UsageError } from "../output/failure.ts";

/** A number that commander left as text; what it may be is checked where it is used. Throws UsageError when it is none. */
export function readNumber(options: object, name: string): number {
  const text = (options as Readonly<Record<string, unknown>>)[name];
  const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  const option = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${option}: expected a number, got "${String(text)}"`);
}
