import { ATTRIBUTES, extractTrace, SpanKind, SpanStatusCode, startSpan, withTrace } from "@moodifier/service-kit";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { GatewayMetrics } from "./gateway-metrics.ts";

const UNROUTED = "none";

/**
 * Gives each request a server span (HTTP conventions) below the caller's `traceparent`, and records its duration. Everything that the request causes runs
 * within that span. Query, headers and bodies are never recorded.
 */
export function httpTelemetry({ httpDuration, disconnects }: GatewayMetrics): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { method, path, protocol, headers } = request;
    const sent = headers["traceparent"];
    const { span, context } = startSpan(method, {
      kind: SpanKind.SERVER,
      parent: extractTrace(typeof sent === "string" ? sent : undefined),
      attributes: { [ATTRIBUTES.httpMethod]: method, [ATTRIBUTES.urlPath]: path, [ATTRIBUTES.urlScheme]: protocol },
    });
    const startedAt = performance.now();
    response.once("close", () => {
      const route = routeOf(request);
      const status = response.statusCode;
      if (route !== UNROUTED) span.updateName(`${method} ${route}`).setAttribute(ATTRIBUTES.httpRoute, route);
      span.setAttribute(ATTRIBUTES.httpStatus, status);
      if (status >= 500) {
        span.setAttribute(ATTRIBUTES.errorType, String(status)).setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
      if (!response.writableFinished) disconnects.inc({ http_route: route });
      httpDuration.observe(
        { http_request_method: method, http_route: route, http_response_status_code: String(status) },
        (performance.now() - startedAt) / 1000,
        context,
      );
    });
    withTrace(context, next);
  };
}

/** The template of the path, for example /v1/edits/:id. */
function routeOf(request: Request): string {
  const { path } = (request.route as { path?: unknown } | undefined) ?? {};
  return typeof path === "string" ? `${request.baseUrl}${path}` : UNROUTED;
}
