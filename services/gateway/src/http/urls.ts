import type { Request } from "express";

/** The address under which the client reaches the gateway, without a slash at the end: `publicUrl` when set, else what the request names. */
export function baseUrl(request: Request, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, "");
  return `${request.protocol}://${request.headers.host ?? "localhost"}`;
}
