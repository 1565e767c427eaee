import { z } from "zod";
import type { Database } from "../database/database.ts";
import type { Identity } from "../tenants/identity.ts";

/** What was done, to what, with which outcome. */
export interface AuditEntry {
  /** Method and route, for example "POST /v1/keys". */
  readonly action: string;
  /** Path of the thing. */
  readonly target: string;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly requestId: string;
}

export const auditEventSchema = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    tenant_id: z.string(),
    key_id: z.string().describe("The API key, `jwt:` and the subject, or anonymous."),
    action: z.string(),
    target: z.string(),
    status: z.int().describe("HTTP status of the answer."),
    request_id: z.string(),
  })
  .meta({ id: "AuditEvent", description: "One change that somebody made or tried to make." });

export type AuditEventView = z.infer<typeof auditEventSchema>;

interface AuditRow {
  readonly id: number;
  readonly at: Date;
  readonly tenant_id: string;
  readonly key_id: string;
  readonly action: string;
  readonly target: string;
  readonly status: number;
  readonly request_id: string;
}

/** Who changed what and when. Rows are only added. */
export class AuditLog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async record({ tenantId, keyId }: Identity, entry: AuditEntry): Promise<void> {
    await this.#database.query(
      "INSERT INTO audit_event (tenant_id, key_id, action, target, status, request_id) VALUES ($1, $2, $3, $4, $5, $6)",
      [tenantId, keyId, entry.action, entry.target, entry.status, entry.requestId],
    );
  }

  /** A tenant's events, newest first, before the event `before`. */
  async list(tenantId: string, limit: number, before?: number): Promise<AuditEventView[]> {
    const rows = await this.#database.query<AuditRow>(
      "SELECT * FROM audit_event WHERE tenant_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
      [tenantId, before ?? null, limit],
    );
    return rows.map(({ id, at, ...rest }) => ({ id: String(id), at: at.toISOString(), ...rest }));
  }
}
