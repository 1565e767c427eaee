import type { Request } from "express";
import { readJsonBody } from "./json-body.ts";
import { readMultipartBody } from "./multipart-body.ts";
import { refuse } from "./refuse.ts";
import type { RequestBody } from "./upload.ts";

/**
 * Reads a multipart or JSON body. `fileNames` are the fields that hold pictures: file parts in multipart, `{data: base64, media_type}` in JSON.
 * Errors: 415 MEDIA_TYPE_UNSUPPORTED, 413 PAYLOAD_TOO_LARGE, 400 BODY_MALFORMED, FIELD_UNKNOWN, FIELD_REPEATED.
 */
export async function readBody(request: Request, fileNames: readonly string[]): Promise<RequestBody> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "multipart/form-data") return readMultipartBody(request, fileNames);
  if (type === "application/json") return readJsonBody(request, fileNames);
  throw refuse("MEDIA_TYPE_UNSUPPORTED", {
    argument: "Content-Type",
    expected: "multipart/form-data or application/json",
    got: type === "" ? "none" : type,
  });
}
