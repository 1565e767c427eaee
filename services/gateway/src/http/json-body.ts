import type { Request } from "express";
import { checkPlainText } from "./plain-text.ts";
import { quote, refuse } from "./refuse.ts";
import { maxImageBytes, type RequestBody, type UploadedFile } from "./upload.ts";

/** Two pictures in base64 and room for the fields. */
const maxJsonBytes = Math.ceil((2 * maxImageBytes * 4) / 3) + 64 * 1024;

/** Reads a JSON object whose `fileNames` members, where present, are `{data: base64, media_type?}`. */
export async function readJsonBody(request: Request, fileNames: readonly string[]): Promise<RequestBody> {
  const parsed = parse(await readText(request));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw refuse("BODY_MALFORMED", { argument: "body", expected: "a JSON object", got: quote(parsed) });
  }
  checkPlainText(parsed, "body");
  const files: Record<string, UploadedFile> = {};
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (fileNames.includes(name)) files[name] = readFile(name, value);
    else fields[name] = value;
  }
  return { fields, files, textual: false };
}

async function readText(request: Request): Promise<string> {
  const tooLarge = () =>
    refuse("PAYLOAD_TOO_LARGE", { argument: "body", expected: `at most ${maxJsonBytes} bytes`, got: "more" });
  if (Number(request.headers["content-length"] ?? 0) > maxJsonBytes) {
    request.resume();
    throw tooLarge();
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxJsonBytes) {
        chunks.length = 0;
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", (error) =>
      reject(
        refuse("BODY_MALFORMED", { argument: "body", expected: "a whole body", got: error.message }, { cause: error }),
      ),
    );
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const got =
      error instanceof SyntaxError && text.length > 0 ? `a syntax error: ${error.message.slice(0, 120)}` : "nothing";
    throw refuse("BODY_MALFORMED", { argument: "body", expected: "JSON", got }, { cause: error });
  }
}

function readFile(name: string, value: unknown): UploadedFile {
  const {
    data,
    media_type: mediaType,
    ...rest
  } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw refuse("FIELD_UNKNOWN", {
      argument: `${name}.${unknown}`,
      expected: "data or media_type",
      got: quote(unknown),
    });
  }
  if (typeof data !== "string" || (mediaType !== undefined && typeof mediaType !== "string")) {
    throw refuse("FIELD_INVALID", {
      argument: name,
      expected: '{"data": base64, "media_type"?: text}',
      got: quote(value),
    });
  }
  const bytes = Buffer.from(data, "base64");
  // Node skips what isn't base64; a length that doesn't fit tells that it did.
  if (bytes.length !== Math.floor((data.replace(/=+$/, "").length * 3) / 4)) {
    throw refuse("FIELD_INVALID", { argument: `${name}.data`, expected: "base64", got: quote(data.slice(0, 40)) });
  }
  if (bytes.length > maxImageBytes) {
    throw refuse("PAYLOAD_TOO_LARGE", {
      argument: name,
      expected: `at most ${maxImageBytes} bytes`,
      got: String(bytes.length),
    });
  }
  return { data: bytes, mediaType: mediaType ?? "" };
}
