import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { CONTEXTS, EMOTIONS } from "@moodifier/emotion";
import { z } from "zod";
import { ArchiveError } from "../../archive-error.ts";
import type { UnitSpec } from "../../store/plan.ts";
import { sha256 } from "../../store/unit.ts";
import type { PoliteClient } from "../http/polite-client.ts";
import type { Candidate, PlanRequest, Provider } from "../provider.ts";

const row = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  licence: z.string().min(1),
  licence_url: z.url().optional(),
  attribution: z.string().default(""),
  emotion: z.enum(EMOTIONS).optional(),
  context: z.enum(CONTEXTS),
  category: z.string().optional(),
  /** Pictures that must not end in different splits; the URL's host and folder when absent. */
  group: z.string().optional(),
  alt: z.string().optional(),
});

type Row = z.output<typeof row>;

/**
 * Pictures named in a JSONL file: `{"url", "licence", "licence_url"?, "attribution"?, "emotion"?, "context", "category"?, "group"?, "alt"?}`. The list is copied into
 * the plan, so that a later change of the file does not mix into what was begun.
 */
export async function createHttpListProvider(file: string, client: PoliteClient): Promise<Provider> {
  const facts = await stat(file).catch(() => undefined);
  if (facts === undefined)
    throw new ArchiveError("OPTION_INVALID", `list: expected a readable JSONL file, got "${file}"`);
  return {
    name: "http-list",
    settings: { file, size: facts.size, modified: facts.mtimeMs },
    concurrency: 4,
    async *plan({ unitSize, signal }: PlanRequest) {
      let rows: Row[] = [];
      for await (const entry of readList(file)) {
        signal?.throwIfAborted();
        rows.push(entry);
        if (rows.length < unitSize) continue;
        yield { spec: { rows }, expected: rows.length };
        rows = [];
      }
      if (rows.length > 0) yield { spec: { rows }, expected: rows.length };
    },
    async *list(spec: UnitSpec) {
      for (const entry of spec["rows"] as Row[]) yield describe(entry, client);
    },
  };
}

async function* readList(file: string): AsyncGenerator<Row> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    if (line.trim() === "") continue;
    const parsed = row.safeParse(parseJson(line));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const field = issue?.path.join(".") || "the line";
      throw new ArchiveError("OPTION_INVALID", `list: line ${number} of ${file}: ${field}: ${issue?.message}`);
    }
    yield parsed.data;
  }
}

function describe(entry: Row, client: PoliteClient): Candidate {
  const { url, licence, licence_url: terms, attribution, group, ...facts } = entry;
  const { host, pathname } = new URL(url);
  const { emotion, context, category, alt } = facts;
  return {
    uri: url,
    licence: { id: licence, ...(terms !== undefined && { url: terms }) },
    attribution,
    group: group ?? `http-${sha256(`${host}${pathname.replace(/[^/]*$/, "")}`).slice(0, 16)}`,
    context,
    ...(emotion && { emotion }),
    ...(category !== undefined && { category }),
    ...(alt !== undefined && { alt }),
    open: (signal) => client.getImage(url, { robots: true, signal }),
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
