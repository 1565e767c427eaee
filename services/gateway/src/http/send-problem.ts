import type { Response } from "express";
import { type Problem, retryAfterOf } from "./problem.ts";

/** Sends a problem, with Retry-After where waiting may help. Does nothing when the answer has begun already. */
export function sendProblem(response: Response, problem: Problem): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const retryAfter = retryAfterOf(problem);
  if (retryAfter !== undefined) response.setHeader("Retry-After", String(retryAfter));
  const requestId = response.getHeader("X-Request-Id");
  const body = { ...problem, ...(typeof requestId === "string" && { request_id: requestId }) };
  response.status(problem.status).type("application/problem+json").send(JSON.stringify(body));
}
