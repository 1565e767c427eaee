import type { Application, Request } from "express";

interface RouteLayer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods, in upper case, that the application has routes for at the request's path. */
export function allowedMethods(request: Request): string[] {
  const { stack } = (request.app as Application).router as unknown as { readonly stack: readonly RouteLayer[] };
  const matching = stack.flatMap((layer) =>
    layer.route !== undefined && layer.match(request.path) ? [layer.route] : [],
  );
  // "/edits/:id" also matches "/edits/x:cancel"; the route with the most literal text is meant.
  const mostLiteral = Math.max(...matching.map(({ path }) => literalLength(path)));
  const methods = matching
    .filter(({ path }) => literalLength(path) === mostLiteral)
    .flatMap((route) => Object.keys(route.methods).filter((name) => !name.startsWith("_")));
  return [...new Set(methods)].map((name) => name.toUpperCase()).sort();
}

function literalLength(path: string): number {
  return path.replace(/:\w+/g, "").length;
}
