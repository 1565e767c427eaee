import type { RequestHandler } from "express";
import { MoodError } from "@moodifier/service-kit";
import { toProblem } from "./problem.ts";
import { sendProblem } from "./send-problem.ts";

/**
 * Answers 408 UPLOAD_TIMEOUT and closes the connection when a body has not arrived whole in time: clients that send a byte now and then would hold connections
 * and what they have sent for ever.
 */
export function bodyDeadline(timeoutMs: number): RequestHandler {
  return (request, response, next) => {
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    if (encoding === undefined && Number(length ?? 0) === 0) return next();
    const timer = setTimeout(() => {
      const close = (): void => void request.destroy();
      if (response.headersSent) return close();
      const text = `body: expected all of it within ${timeoutMs / 1000} s, got a part.`;
      const problem = toProblem(new MoodError("DEADLINE_EXCEEDED", "UPLOAD_TIMEOUT", text));
      response.once("finish", close).setHeader("Connection", "close");
      sendProblem(response, { ...problem, instance: request.path });
    }, timeoutMs);
    const done = (): void => clearTimeout(timer);
    request.once("end", done).once("close", done);
    next();
  };
}
