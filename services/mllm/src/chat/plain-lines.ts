import type { ArraySchema, ObjectSchema, ReplySchema } from "./reply-schema.ts";

/**
 * The plain-text form of a reply, for models that do not manage JSON: one line "name: value" for each field, one line for each item of a
 * list, whose fields are separated by "|" and whose numbers by commas. Any schema of the subset whose root is an object can be said so.
 */

/** Instructions for the form: one line per field with what it holds. */
export function describeLines(schema: ReplySchema): string {
  const lines = Object.entries(rootOf(schema).properties).map(([name, child]) => `${name}: ${describe(child)}`);
  return ["Answer without JSON, in exactly these lines:", ...lines].join("\n");
}

function describe(schema: ReplySchema): string {
  if (schema.type === "object")
    return Object.entries(schema.properties)
      .map(([name, child]) =>
        child.type === "array" ? describe(child) : `<${name}${"enum" in child ? `: ${child.enum.join(" or ")}` : ""}>`,
      )
      .join(" | ");
  if (schema.type === "number") return "<0.00 to 0.99>";
  if (schema.type === "string") return "enum" in schema ? `one of ${schema.enum.join(", ")}` : "<text>";
  if (schema.items.type === "number") return Array.from({ length: schema.minItems }, () => "<0.00 to 0.99>").join(", ");
  return `${describe(schema.items)} (a line of its own, starting with the same name, for each of ${countOf(schema)})`;
}

function countOf({ minItems, maxItems }: ArraySchema): string {
  return minItems === maxItems ? String(minItems) : `${minItems} to ${maxItems}`;
}

/** Reads the form back; lines that belong to no field are skipped. Undefined when a field is missing. Values are not validated. */
export function readLines(text: string, schema: ReplySchema): Record<string, unknown> | undefined {
  const { properties } = rootOf(schema);
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const match = /^[\s>*#-]*([a-z_]+)[*\s]*\d*\s*:\s*[*]*\s*(.+?)\s*$/i.exec(line);
    const name = Object.keys(properties).find(
      (key) => key === match?.[1]?.toLowerCase() || `${match?.[1]?.toLowerCase()}s` === key,
    );
    if (name !== undefined && match?.[2] !== undefined) found.set(name, [...(found.get(name) ?? []), match[2]]);
  }
  const entries = Object.entries(properties).map(
    ([name, child]) => [name, read(found.get(name) ?? [], child)] as const,
  );
  return entries.every(([, value]) => value !== undefined) ? Object.fromEntries(entries) : undefined;
}

function read(lines: string[], schema: ReplySchema): unknown {
  if (schema.type === "array" && schema.items.type !== "number") {
    const items = lines.map((line) => read([line], schema.items));
    return items.length > 0 && items.every((item) => item !== undefined) ? items : undefined;
  }
  const [line] = lines;
  if (line === undefined) return undefined;
  if (schema.type === "array") return (line.match(/-?\d*\.?\d+/g) ?? []).map(Number);
  if (schema.type === "number") return Number(line);
  if (schema.type === "string") return "enum" in schema ? line.toLowerCase().replace(/[."'`]+/g, "") : line;
  const parts = line.split("|").map((part) => part.trim());
  const fields = Object.entries(schema.properties);
  if (parts.length !== fields.length) return undefined;
  return Object.fromEntries(fields.map(([name, child], index) => [name, read([parts[index] ?? ""], child)]));
}

function rootOf(schema: ReplySchema): ObjectSchema {
  if (schema.type !== "object") throw new TypeError(`expected an object at the root of a reply, got ${schema.type}`);
  return schema;
}
