import { UsageError } from "../output/failure.ts";

/** Options of `batch run` that become the API's options. */
export interface RunOptions {
  readonly format?: string;
  readonly delimiter?: string;
  readonly column?: readonly string[];
  readonly default?: readonly string[];
  readonly source?: string;
  readonly inputPrefix?: string;
  readonly plan?: string;
  readonly to?: string;
  readonly name?: string;
  readonly rendition?: readonly string[];
  readonly title?: string;
  readonly priority?: string;
  readonly refuseFaulty?: boolean;
  readonly dryRun?: boolean;
}

/** The options as the API takes them; what it would refuse, it refuses. */
export function toApiOptions(options: RunOptions): Record<string, unknown> {
  const { format, delimiter, source, inputPrefix, plan, to, name, rendition = [], title, priority } = options;
  const output = {
    ...(to !== undefined && { to }),
    ...(name !== undefined && { name }),
    ...(rendition.length > 0 && { renditions: rendition.map(toRendition) }),
  };
  return {
    ...(title !== undefined && { name: title }),
    ...(format !== undefined && { format }),
    ...(delimiter !== undefined && { delimiter: delimiter === "\\t" ? "\t" : delimiter }),
    ...(source !== undefined && { source }),
    ...(inputPrefix !== undefined && { input_prefix: inputPrefix }),
    ...(plan !== undefined && { plan_id: plan }),
    ...(priority !== undefined && { priority: toPriority(priority) }),
    ...(options.column && { columns: toPairs("--column", options.column) }),
    ...(options.default && { defaults: toPairs("--default", options.default) }),
    ...(Object.keys(output).length > 0 && { output }),
    ...(options.refuseFaulty && { invalid_rows: "refuse" }),
    ...(options.dryRun && { dry_run: true }),
  };
}

function toPriority(text: string): number {
  if (/^-?\d{1,3}$/.test(text)) return Number(text);
  throw new UsageError(`--priority: expected a whole number -100..100, got "${text}"`);
}

/** `FIELD=VALUE` several times. */
export function toPairs(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UsageError(`${option}: expected FIELD=VALUE, got "${text}"`);
    }),
  );
}

/** `format=jpeg,width=1600,max_bytes=1950000`. */
function toRendition(text: string): Record<string, string | number> {
  const pairs = toPairs("--rendition", text.split(","));
  return Object.fromEntries(
    Object.entries(pairs).map(([name, value]) => [
      name,
      /^\d+$/.test(value) && name !== "label" ? Number(value) : value,
    ]),
  );
}
