import type { Application, Request } from "express";

interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods, in upper case, that the application has routes for at the request's path. */
export function allowedMethods(request: Request): string[] {
  const { stack } = (request.app as Application).router as unknown as { readonly stack: readonly RouteLayer[] };
  const methods = stack
    .filter((layer) => layer.route !== undefined && layer.match(request.path))
    .flatMap((layer) => Object.keys(layer.route?.methods ?? {}).filter((name) => !name.startsWith("_")));
  return [...new Set(methods)].map((name) => name.toUpperCase()).sort();
}
