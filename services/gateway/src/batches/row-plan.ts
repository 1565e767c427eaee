import { type MoodError, toMoodError } from "@moodifier/service-kit";
import { editFieldsSchema } from "../edits/edit-fields.ts";
import { toSettings } from "../edits/edit-request.ts";
import { checkFields } from "../http/checked-fields.ts";
import { type Problem, toProblem } from "../http/problem.ts";
import { quote, refuse } from "../http/refuse.ts";
import { checkReference } from "../sources/reference.ts";
import { type BatchOptions, type Rendition, rowEditFields, withErrors } from "./batch-options.ts";
import { checkMapping, mapColumns } from "./manifest/map-columns.ts";
import type { ManifestRow, ManifestRows } from "./manifest/manifest-row.ts";
import { NameRegister } from "./names/name-register.ts";
import { checkValues, type NameRule, readNameRule } from "./names/name-rules.ts";
import type { NameValues } from "./names/name-template.ts";

/** Most rows of a batch. */
export const maxRows = 100_000;

/** Faults of names that are listed; the first is enough to see the pattern. */
const listedFaults = 20;

/** A row that is ready to run, or why it can't. JSON through and through: it is stored as it is. */
export interface RowPlan {
  readonly index: number;
  readonly line: number;
  /** The caller's own id, unique in the batch; the line where the row has none. */
  readonly externalId: string;
  /** The row as it was written. */
  readonly input: Readonly<Record<string, string>>;
  /** The fields of the edit, checked, still as text. */
  readonly edit: Readonly<Record<string, string>>;
  readonly image: string;
  readonly mask?: string;
  /** Names of the files, one for each rendition. */
  readonly names: readonly string[];
  /** Why the row can't run. */
  readonly problem?: Problem;
}

/** What a stored plan says for all rows. */
export interface PlannedWish {
  readonly emotion: string;
  /** 0..1. */
  readonly intensity: number;
}

/** Extension of a format's files. */
export const extensions = { png: "png", jpeg: "jpg", webp: "webp", avif: "avif", tiff: "tif" } as const;

/**
 * Checks each row of a manifest before anything runs. A row with a fault comes out with its problem, or ends the whole when the options say so.
 * What would write a wrong file always ends the whole, after the last row, with up to 20 faults: NAME_COLLISION, NAME_FORBIDDEN, NAME_VALUE_MISSING.
 */
export async function* planRows(
  rows: ManifestRows,
  options: BatchOptions,
  wish?: PlannedWish,
): AsyncGenerator<RowPlan> {
  const planner = new RowPlanner(options, wish);
  let count = 0;
  for await (const row of rows) {
    if (count === 0 && row.fault === undefined) checkMapping([...rows.columns, ...Object.keys(row.fields)], options);
    count += 1;
    if (count > maxRows) {
      throw refuse("MANIFEST_TOO_LONG", { argument: "manifest", expected: `at most ${maxRows} rows`, got: "more" });
    }
    yield planner.plan(row);
  }
  planner.finish();
}

class RowPlanner {
  readonly #options: BatchOptions;
  readonly #rule: NameRule;
  readonly #register = new NameRegister();
  readonly #ids = new Map<string, number>();
  readonly #nameFaults: MoodError[] = [];

  readonly #wish: PlannedWish | undefined;

  constructor(options: BatchOptions, wish: PlannedWish | undefined) {
    this.#options = options;
    this.#wish = wish;
    this.#rule = readNameRule(options.output.name);
  }

  plan(row: ManifestRow): RowPlan {
    const values = mapColumns(row, this.#options);
    const { id = `line-${row.line}`, image = "", mask } = values;
    const base = { index: row.index, line: row.line, externalId: id, input: row.fields, image };
    try {
      if (row.fault) throw row.fault;
      this.#claimId(id, row.line);
      checkReference("image", image, this.#options.input_prefix);
      if (mask !== undefined) checkReference("mask", mask, this.#options.input_prefix);
      const edit = checkEdit(withWish(values, this.#wish));
      return { ...base, ...(mask !== undefined && { mask }), edit, names: this.#name(row, values, edit) };
    } catch (error) {
      if (this.#options.invalid_rows === "refuse") throw located(error, row.line);
      return { ...base, edit: {}, names: [], problem: toProblem(toMoodError(error)) };
    }
  }

  /** Throws when names were faulty. */
  finish(): void {
    const [first] = this.#nameFaults;
    if (!first) return;
    const errors = this.#nameFaults.map(({ details, message }) => ({
      pointer: String(details["pointer"]),
      detail: message,
    }));
    throw withErrors(first, errors.slice(0, listedFaults));
  }

  #claimId(id: string, line: number): void {
    const first = this.#ids.get(id);
    if (first !== undefined) {
      const got = `${quote(id)} in line ${first} and line ${line}`;
      throw refuse("ID_REPEATED", { argument: "id", expected: "an id of its own for each row", got });
    }
    this.#ids.set(id, line);
  }

  #name(row: ManifestRow, values: Readonly<Record<string, string>>, edit: Readonly<Record<string, string>>): string[] {
    return this.#options.output.renditions.flatMap((rendition) => {
      try {
        return [this.#nameOne(row, nameValues(row, { ...values, ...edit }, rendition))];
      } catch (error) {
        if (this.#nameFaults.length < listedFaults) this.#nameFaults.push(located(error, row.line));
        return [];
      }
    });
  }

  #nameOne(row: ManifestRow, values: NameValues): string {
    const used = Object.fromEntries(
      Object.entries(values).filter(([name]) => this.#rule.template.uses.has(name as "sku")),
    );
    checkValues(used);
    const name = this.#rule.template.fill(values);
    this.#rule.check(name, values);
    this.#register.add(name, row.line);
    return name;
  }
}

function nameValues(row: ManifestRow, values: Readonly<Record<string, string>>, rendition: Rendition): NameValues {
  const { sku, variant, position, emotion, intensity, seed } = values;
  return {
    ...(sku !== undefined && { sku }),
    ...(variant !== undefined && { variant }),
    ...(position !== undefined && { position }),
    ...(emotion !== undefined && { emotion }),
    ...(intensity !== undefined && { intensity }),
    seed: seed ?? "0",
    id: values["id"] ?? `line-${row.line}`,
    row: String(row.index + 1),
    rendition: rendition.label ?? rendition.format,
    ext: extensions[rendition.format],
  };
}

/** A row can't ask for another wish than its plan's. */
function withWish(values: Readonly<Record<string, string>>, wish: PlannedWish | undefined): Record<string, string> {
  if (!wish) return { ...values };
  const planned = ["emotion", "intensity", "region", "category"].find((name) => values[name] !== undefined);
  if (planned === undefined) return { ...values, emotion: wish.emotion, intensity: String(wish.intensity) };
  const expected = "nothing beside options.plan_id: the plan says it";
  throw refuse("FIELD_CONFLICT", { argument: planned, expected, got: quote(values[planned]) });
}

/** The edit's fields, checked as a single edit's are, with the emotion's canonical name. */
function checkEdit(values: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(values).filter(([name]) => rowEditFields.includes(name));
  const fields = Object.fromEntries(given);
  const { emotion } = toSettings(checkFields(editFieldsSchema, { fields, files: {}, textual: true }));
  return { ...fields, emotion };
}

function located(error: unknown, line: number): MoodError {
  const known = toMoodError(error);
  return Object.assign(known, { details: { ...known.details, pointer: `/manifest/${line}` } });
}
