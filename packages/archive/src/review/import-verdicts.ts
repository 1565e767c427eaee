import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ArchiveError } from "../archive-error.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readTextIfPresent } from "../store/present-file.ts";
import { formatLines, parseLines } from "../store/unit.ts";
import type { ReviewTask } from "./review-task.ts";
import { type ReviewReport, summarizeVerdicts } from "./review-report.ts";
import { readVerdicts, type Verdict } from "./verdict-store.ts";

const schema = z
  .strictObject({
    id: z.string().min(1),
    reviewer: z.string().trim().min(1).max(100),
    verdict: z.enum(["accept", "reject"]),
    reason: z.string().trim().max(500).default(""),
  })
  .refine(({ verdict, reason }) => verdict === "accept" || reason !== "", {
    path: ["reason"],
    error: "a rejection needs a reason",
  });

/**
 * Takes verdicts (JSONL: id, reviewer, verdict, reason) into the archive and reports acceptance and agreement. A reviewer's later word on a picture replaces the
 * earlier one; importing a file twice changes nothing. All or nothing: throws ArchiveError VERDICT_INVALID with the line.
 */
export async function importVerdicts(archive: Archive, files: readonly string[]): Promise<ReviewReport> {
  const tasks = await readTasks(archive);
  const known = new Set(tasks.map(({ id }) => id));
  const verdicts = new Map<string, Verdict>();
  for (const verdict of await readVerdicts(archive)) verdicts.set(`${verdict.id} ${verdict.reviewer}`, verdict);
  for (const file of files) {
    for (const verdict of await readVerdictFile(file, known))
      verdicts.set(`${verdict.id} ${verdict.reviewer}`, verdict);
  }
  const all = [...verdicts.values()];
  const report = summarizeVerdicts(tasks, all);
  await writeDurably(archive.path("review", "verdicts.jsonl"), formatLines(all));
  await writeDurably(archive.path("review", "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function readTasks(archive: Archive): Promise<ReviewTask[]> {
  const path = archive.path("review", "tasks.jsonl");
  const text = await readTextIfPresent(path);
  if (text !== undefined) return parseLines<ReviewTask>(text);
  throw new ArchiveError("STAGE_INCOMPLETE", `${path} is missing; run "archive review export" first`);
}

async function readVerdictFile(file: string, known: ReadonlySet<string>): Promise<Verdict[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ArchiveError("VERDICT_INVALID", `${file}: expected a readable JSONL file`, { cause });
  });
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const invalid = (what: string): ArchiveError =>
      new ArchiveError("VERDICT_INVALID", `${file}: line ${index + 1}: ${what}`);
    const parsed = schema.safeParse(parseJson(line));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw invalid(`${issue?.path.join(".") || "the line"}: ${issue?.message}`);
    }
    if (!known.has(parsed.data.id)) throw invalid(`id: expected one of the exported tasks, got "${parsed.data.id}"`);
    return [parsed.data];
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
