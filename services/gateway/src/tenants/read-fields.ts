import type { Request } from "express";
import { readBody } from "../http/request-body.ts";
import type { RequestBody } from "../http/upload.ts";

/** The fields of a request without pictures; no body at all means no fields. */
export function readFields(request: Request): Promise<RequestBody> {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0")) {
    return Promise.resolve({ fields: {}, files: {}, textual: false });
  }
  return readBody(request, []);
}
