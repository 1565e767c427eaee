import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from "@nestjs/common";
import type { Request, Response } from "express";
import { type Logger, MoodError } from "@moodifier/service-kit";
import { LOGGER } from "../tokens.ts";
import { allowedMethods } from "./allowed-methods.ts";
import { toProblem } from "./problem.ts";
import { sendProblem } from "./send-problem.ts";

/** The one place where errors become HTTP answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger: Logger;

  constructor(@Inject(LOGGER) logger: Logger) {
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const known = error instanceof HttpException ? routingError(error, request, response) : error;
    const problem = toProblem(known);
    if (problem.status >= 500) {
      const fields = { err: known, requestId: response.getHeader("X-Request-Id"), reason: problem.reason };
      this.#logger[problem.status === 500 ? "error" : "warn"](fields, "a request failed");
    }
    sendProblem(response, { ...problem, instance: request.path });
  }
}

/** Nest's router throws its own errors: an unknown path, a known path with another method, a malformed URL. */
function routingError(error: HttpException, request: Request, response: Response): MoodError {
  const status = error.getStatus();
  if (status !== 404) {
    const code = status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
    return new MoodError(code, status < 500 ? "REQUEST_INVALID" : "INTERNAL", error.message, { cause: error });
  }
  const allowed = allowedMethods(request);
  if (allowed.length === 0) {
    return new MoodError(
      "NOT_FOUND",
      "ROUTE_NOT_FOUND",
      `Nothing is at ${request.path}. /openapi.json lists the paths.`,
    );
  }
  response.setHeader("Allow", allowed.join(", "));
  return new MoodError(
    "UNIMPLEMENTED",
    "METHOD_NOT_ALLOWED",
    `${request.path} takes ${allowed.join(", ")}, not ${request.method}.`,
    {
      details: { argument: "method", expected: allowed.join(" or "), got: request.method },
    },
  );
}
