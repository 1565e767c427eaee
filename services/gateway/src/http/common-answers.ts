import { type Json, problemAnswer } from "./describe.ts";

/** What any route may answer. */
const anyRoute = {
  400: problemAnswer("A parameter or a field was refused."),
  401: problemAnswer("No key, or one that is unknown, expired or revoked."),
  403: problemAnswer("The key lacks the scope, or may not give away so much."),
  503: problemAnswer(
    "The database, the storage or a model service cannot be used now; Retry-After says when to ask again.",
  ),
};

/** What a route that takes a body may answer besides. */
const anyBody = {
  408: problemAnswer("The body took too long to arrive."),
  413: problemAnswer("Too many bytes or pixels."),
  415: problemAnswer("No media type that this route takes."),
};

interface Operation {
  readonly requestBody?: unknown;
  readonly responses: Json;
}

/** Adds to each operation below /v1 what any of them may answer; what it says itself stays. */
export function addCommonAnswers(paths: Json): Json {
  const complete = ({ responses, ...operation }: Operation): Json => ({
    ...operation,
    responses: { ...anyRoute, ...(operation.requestBody !== undefined && anyBody), ...responses },
  });
  return Object.fromEntries(
    Object.entries(paths as Record<string, Record<string, Operation>>).map(([path, operations]) => {
      if (!path.startsWith("/v1/")) return [path, operations];
      return [path, Object.fromEntries(Object.entries(operations).map(([method, each]) => [method, complete(each)]))];
    }),
  );
}
