import { strictJsonSchema, type ReplySchema } from "../reply-schema.ts";

/** Ways to ask for the shape of a reply, strongest first. */
export const FORMATS = ["json_schema", "json_object", "text"] as const;
/** One of the ways. */
export type ResponseFormat = (typeof FORMATS)[number];
/** A fixed way, or "auto": the strongest that the server accepts. */
export type FormatSetting = ResponseFormat | "auto";

/**
 * The `response_format` field of a request; undefined for plain text. The schema is nested (OpenAI's form): llama.cpp ignores the
 * top-level form that it documents.
 */
export function writeFormat(format: ResponseFormat, name: string, schema: ReplySchema): object | undefined {
  if (format === "text") return undefined;
  if (format === "json_object") return { type: "json_object" };
  return { type: "json_schema", json_schema: { name, strict: true, schema: strictJsonSchema(schema) } };
}

/**
 * What a server accepts, found by asking: a request is refused with HTTP 400, 422 or 501 when the server does not know its format, and
 * the next weaker one is tried. An accepted format may still be ignored, so replies are validated all the same.
 */
export class FormatProbe {
  #accepted: ResponseFormat | undefined;
  readonly #first: ResponseFormat;

  constructor(setting: FormatSetting) {
    this.#first = setting === "auto" ? "json_schema" : setting;
    if (setting !== "auto") this.#accepted = setting;
  }

  /** Formats to try in order until one is accepted. */
  candidates(): readonly ResponseFormat[] {
    return this.#accepted ? [this.#accepted] : FORMATS.slice(FORMATS.indexOf(this.#first));
  }

  /** Remembers that the server answered a request in `format`. Returns whether that is news. */
  accept(format: ResponseFormat): boolean {
    const news = this.#accepted === undefined;
    this.#accepted ??= format;
    return news;
  }
}

/** Whether an HTTP status can mean that the request's format is unknown. */
export function mayRefuseFormat(status: number | undefined): boolean {
  return status === 400 || status === 422 || status === 501;
}
