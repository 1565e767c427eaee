import { MoodError } from "@moodifier/service-kit";
import { z } from "zod";
import type { Problem } from "./problem.ts";
import { quote, refuse } from "./refuse.ts";
import type { RequestBody } from "./upload.ts";

type Fault = NonNullable<Problem["errors"]>[number];

/**
 * Checks the fields of a request against a strict schema. In a textual (multipart) body numbers and booleans are read from their text first.
 * Errors: INVALID_ARGUMENT with reason FIELD_UNKNOWN, FIELD_MISSING or FIELD_INVALID; `errors` lists every fault.
 */
export function checkFields<S extends z.ZodObject>(schema: S, body: RequestBody): z.output<S> {
  const input = body.textual ? readTexts(schema, body.fields) : body.fields;
  const checked = schema.safeParse(input);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.flatMap((issue) => describe(schema, issue, input));
  const [first, ...others] = faults as [MoodError, ...MoodError[]];
  if (others.length === 0) throw first;
  const errors: Fault[] = faults.map((fault) => ({
    pointer: `/${String(fault.details["argument"]).replaceAll(".", "/")}`,
    detail: fault.message,
  }));
  throw new MoodError(first.code, first.reason, first.message, { details: { ...first.details, errors } });
}

function describe(schema: z.ZodObject, issue: z.core.$ZodIssue, input: Readonly<Record<string, unknown>>): MoodError[] {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(schema.shape).join(", ");
    return issue.keys.map((key) =>
      refuse("FIELD_UNKNOWN", { argument: key, expected: `one of ${known}`, got: "a field of this name" }),
    );
  }
  const argument = issue.path.join(".");
  const value = input[String(issue.path[0])];
  const reason = value === undefined ? "FIELD_MISSING" : "FIELD_INVALID";
  return [
    refuse(reason, {
      argument,
      expected: expectationOf(schema.shape[String(issue.path[0])] as z.ZodType | undefined, issue),
      got: value === undefined ? "nothing" : quote(value),
    }),
  ];
}

/** What a field takes, in words. */
function expectationOf(field: z.ZodType | undefined, issue: z.core.$ZodIssue): string {
  const wanted: z.core.JSONSchema.BaseSchema = field
    ? z.toJSONSchema(field, { io: "input", unrepresentable: "any" })
    : {};
  if (wanted.enum) return `one of ${wanted.enum.map(String).join(", ")}`;
  if (wanted.type === "boolean") return "true or false";
  if (wanted.type === "string")
    return `text of ${wanted.minLength ?? 0} to ${wanted.maxLength ?? "any number of"} characters`;
  if (wanted.type !== "number" && wanted.type !== "integer") return issue.message.replace(/^expected /, "");
  const lowest =
    wanted.exclusiveMinimum === undefined ? `at least ${wanted.minimum}` : `above ${wanted.exclusiveMinimum}`;
  return `${wanted.type === "integer" ? "an integer" : "a number"}, ${lowest} and at most ${wanted.maximum}`;
}

function readTexts(schema: z.ZodObject, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => {
      // Only fields that refuse text are read as something else, so that a region named "7" stays a text.
      const field = schema.shape[name] as z.ZodType | undefined;
      const takesText = field === undefined || field.safeParse(text).success;
      return [name, takesText || typeof text !== "string" ? text : readText(text)];
    }),
  );
}

function readText(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}
