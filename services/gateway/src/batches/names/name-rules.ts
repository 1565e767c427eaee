import { quote, refuse } from "../../http/refuse.ts";
import { NameTemplate, type NameValues } from "./name-template.ts";

/** How a destination wants its files named. */
export interface NameRule {
  readonly template: NameTemplate;
  /** Throws NAME_FORBIDDEN when the destination wouldn't take the name. */
  readonly check: (name: string, values: NameValues) => void;
}

/** The presets by name, as the API lists them. */
export const namePresets = {
  amazon: "{sku}.{variant}.{ext}",
  sku_position: "{sku}_{position}.{ext}",
  folder_per_sku: "{sku}/{sku}_{position}_{emotion}.{ext}",
} as const;

/** A preset by its name, or a pattern. */
export function readNameRule(text: string): NameRule {
  if (text === "amazon") return { template: new NameTemplate(namePresets.amazon), check: checkAmazon };
  const pattern = text in namePresets ? namePresets[text as keyof typeof namePresets] : text;
  return { template: new NameTemplate(pattern), check: checkPortable };
}

/** Amazon takes `<ASIN or GTIN>.<MAIN|PT01..PT99|SWCH|...>.<ext>` and no dash, space or underscore anywhere. */
function checkAmazon(name: string, { sku = "", variant = "" }: NameValues): void {
  if (!/^(?:[A-Z0-9]{10}|\d{8}|\d{12,14})$/.test(sku)) {
    throw forbidden("an ASIN of 10 letters and digits or a GTIN of 8 or 12 to 14 digits as {sku}", sku);
  }
  if (!/^(?:MAIN|PT\d{2}|SWCH|FRNT|BACK|SIDE|TOPP|BOTT|PS\d{2}|PAGE)$/.test(variant)) {
    throw forbidden("MAIN, SWCH or PT01 to PT99 as {variant}", variant);
  }
  if (!/\.(?:jpg|tif|png)$/.test(name)) throw forbidden("jpg, tif or png as format", name);
}

const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Names that a file system of any kind, a URL and S3 take. */
function checkPortable(name: string): void {
  if (Buffer.byteLength(name) > 900) throw forbidden("a name of at most 900 bytes", name);
  for (const segment of name.split("/")) {
    if (segment === "" || /^\.+$/.test(segment)) throw forbidden("no empty part and no . or .. between slashes", name);
    if (/[<>:"|?*\\\p{Cc}]/u.test(segment)) throw forbidden('no character of < > : " | ? * \\', name);
    if (/^[ .]|[ .]$/.test(segment)) throw forbidden("no part that begins or ends with a space or dot", name);
    if (Buffer.byteLength(segment) > 240) throw forbidden("parts of at most 240 bytes", name);
    if (reserved.test(segment)) throw forbidden("no name that Windows reserves", name);
  }
}

/** Values come from rows: one with a slash would leave the folder that the pattern chose. */
export function checkValues(values: NameValues): void {
  for (const [placeholder, value] of Object.entries(values)) {
    if (/[/\\]/.test(value)) throw forbidden(`no slash in {${placeholder}}`, value);
  }
}

function forbidden(expected: string, got: string): Error {
  return refuse("NAME_FORBIDDEN", { argument: "output.name", expected, got: quote(got) });
}
