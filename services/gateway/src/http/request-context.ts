import { randomUUID } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { activeTrace, type Logger, traceIdOf } from "@moodifier/service-kit";

const acceptableId = /^[\w.:-]{1,64}$/;

/** Gives each request an id (the caller's X-Request-Id where it is sane), returns it, and logs one line per answer. */
export function requestContext(logger: Logger): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const sent = request.headers["x-request-id"];
    const requestId = typeof sent === "string" && acceptableId.test(sent) ? sent : randomUUID();
    response.setHeader("X-Request-Id", requestId);
    response.setHeader("X-Content-Type-Options", "nosniff");
    const start = performance.now();
    const trace = traceIdOf(activeTrace());
    response.on("close", () => {
      const { method, path } = request;
      const level = path === "/healthz" || path === "/readyz" ? "debug" : "info";
      logger[level](
        {
          requestId,
          trace,
          method,
          path,
          status: response.statusCode,
          ms: Math.round(performance.now() - start),
          ...(!response.writableFinished && { disconnected: true }),
        },
        "answered",
      );
    });
    next();
  };
}
