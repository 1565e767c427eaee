import busboy from "busboy";
import type { Request } from "express";
import type { Readable } from "node:stream";
import { isPlainText } from "./plain-text.ts";
import { quote, refuse } from "./refuse.ts";
import { maxImageBytes, type RequestBody, type UploadedFile } from "./upload.ts";

const limits = {
  fileSize: maxImageBytes,
  files: 4,
  fields: 32,
  parts: 40,
  fieldNameSize: 64,
  fieldSize: 8 * 1024,
  headerPairs: 32,
};

/** Reads multipart/form-data. All limits hold while the bytes arrive, so an endless upload ends at its limit. */
export function readMultipartBody(request: Request, fileNames: readonly string[]): Promise<RequestBody> {
  return new Promise((resolve, reject) => {
    let parser: busboy.Busboy;
    try {
      parser = busboy({ headers: request.headers, limits, defParamCharset: "utf8" });
    } catch (error) {
      reject(malformed(error));
      return;
    }
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const files: Record<string, UploadedFile> = Object.create(null) as Record<string, UploadedFile>;
    const fail = (error: unknown): void => {
      request.unpipe(parser);
      // The rest is read and dropped, so that a client which is still sending gets to see the answer.
      request.resume();
      reject(error);
    };
    const isNew = (name: string): boolean => {
      if (!(name in fields) && !(name in files)) return true;
      fail(refuse("FIELD_REPEATED", { argument: name, expected: "the field once", got: "it several times" }));
      return false;
    };
    const tooMany = (what: string, most: number) => (): void =>
      fail(refuse("PAYLOAD_TOO_LARGE", { argument: "body", expected: `at most ${most} ${what}`, got: "more" }));

    parser.on("field", (name, value, { valueTruncated }) => {
      if (!isNew(name)) return;
      if (fileNames.includes(name)) {
        fail(refuse("FIELD_INVALID", { argument: name, expected: "a file part", got: `the text ${quote(value)}` }));
      } else if (valueTruncated) {
        fail(
          refuse("PAYLOAD_TOO_LARGE", { argument: name, expected: `at most ${limits.fieldSize} bytes`, got: "more" }),
        );
      } else if (!isPlainText(value)) {
        fail(refuse("FIELD_INVALID", { argument: name, expected: "text without NUL", got: quote(value) }));
      } else fields[name] = value;
    });
    parser.on("file", (name, stream, { mimeType }) => {
      if (!fileNames.includes(name)) {
        stream.resume();
        fail(
          refuse("FIELD_UNKNOWN", {
            argument: name,
            expected: `a file named ${fileNames.join(" or ")}`,
            got: quote(name),
          }),
        );
        return;
      }
      if (!isNew(name)) {
        stream.resume();
        return;
      }
      files[name] = { data: Buffer.alloc(0), mediaType: mimeType };
      collect(stream, (data) => (files[name] = { data, mediaType: mimeType }));
      stream.on("limit", () =>
        fail(refuse("PAYLOAD_TOO_LARGE", { argument: name, expected: `at most ${maxImageBytes} bytes`, got: "more" })),
      );
    });
    parser.on("filesLimit", tooMany("files", limits.files));
    parser.on("fieldsLimit", tooMany("fields", limits.fields));
    parser.on("partsLimit", tooMany("parts", limits.parts));
    parser.on("error", (error) => fail(malformed(error)));
    parser.on("close", () => resolve({ fields: { ...fields }, files: { ...files }, textual: true }));
    request.on("aborted", () => fail(malformed(new Error("the client closed the connection"))));
    request.pipe(parser);
  });
}

function collect(stream: Readable, done: (data: Buffer) => void): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => done(Buffer.concat(chunks)));
}

function malformed(error: unknown): Error {
  return refuse(
    "BODY_MALFORMED",
    {
      argument: "body",
      expected: "well-formed multipart/form-data",
      got: error instanceof Error ? `a body with this fault: ${error.message}` : "something else",
    },
    { cause: error },
  );
}
