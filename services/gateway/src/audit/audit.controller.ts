import { Controller, Get, Inject, Req } from "@nestjs/common";
import type { Request } from "express";
import { z } from "zod";
import { readPage } from "../tenants/page.ts";
import { identityOf } from "../tenants/identity.ts";
import { Needs } from "../tenants/needs.ts";
import { AUDIT_LOG } from "../tokens.ts";
import { auditEventSchema, type AuditLog } from "./audit-log.ts";

export const auditListSchema = z
  .object({ events: z.array(auditEventSchema), next_cursor: z.string().optional() })
  .meta({ id: "AuditEventList" });

/** `/v1/audit`. */
@Controller("v1/audit")
export class AuditController {
  readonly #log: AuditLog;

  constructor(@Inject(AUDIT_LOG) log: AuditLog) {
    this.#log = log;
  }

  /** What was changed in the caller's tenant, newest first. */
  @Get()
  @Needs("admin")
  async list(@Req() request: Request): Promise<z.infer<typeof auditListSchema>> {
    const { limit, cursor } = readPage(request.query, /^\d{1,15}$/);
    const events = await this.#log.list(
      identityOf(request).tenantId,
      limit,
      cursor === undefined ? undefined : Number(cursor),
    );
    const last = events.length === limit ? events.at(-1)?.id : undefined;
    return { events, ...(last !== undefined && { next_cursor: last }) };
  }
}
