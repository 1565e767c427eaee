import type { RequestHandler } from "express";
import { quote, refuse } from "./refuse.ts";
import { toProblem } from "./problem.ts";
import { sendProblem } from "./send-problem.ts";

/** Whether databases can keep a text: no NUL, and no half of a surrogate pair. */
export function isPlainText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** Throws FIELD_INVALID when a text in a JSON value, or the name of a member, could not be kept. */
export function checkPlainText(value: unknown, argument: string): void {
  if (typeof value === "string") {
    if (isPlainText(value)) return;
    throw refuse("FIELD_INVALID", { argument, expected: "text without NUL and half characters", got: quote(value) });
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    checkPlainText(name, argument);
    checkPlainText(member, name);
  }
}

/** Refuses addresses with a NUL, wherever it is, for every route. */
export const plainAddress: RequestHandler = (request, response, next) => {
  if (!/%00/.test(request.url)) return next();
  const refusal = { argument: "URL", expected: "an address without NUL", got: "%00 in it" };
  sendProblem(response, { ...toProblem(refuse("URL_INVALID", refusal)), instance: request.path });
};
