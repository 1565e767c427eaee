import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from "@nestjs/common";
import type { Request, Response } from "express";
import type { Observable } from "rxjs";
import type { Logger } from "@moodifier/service-kit";
import { knownIdentity } from "../tenants/identity.ts";
import { AUDIT_LOG, LOGGER } from "../tokens.ts";
import type { AuditLog } from "./audit-log.ts";

/** Records each request that may change something, once it has been answered: by whom, what, and with which outcome. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  readonly #log: AuditLog;
  readonly #logger: Logger;

  constructor(@Inject(AUDIT_LOG) log: AuditLog, @Inject(LOGGER) logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const identity = knownIdentity(request);
    if (identity && request.method !== "GET" && request.method !== "HEAD") {
      const { path } = request.route as { path: string };
      response.once("close", () => {
        const entry = {
          action: `${request.method} ${path.replaceAll("\\", "")}`,
          target: request.path.slice(0, 300),
          status: response.statusCode,
          requestId: String(response.getHeader("X-Request-Id") ?? ""),
        };
        this.#log
          .record(identity, entry)
          .catch((error: unknown) => this.#logger.error({ err: error }, "could not record an audit event"));
      });
    }
    return next.handle();
  }
}
