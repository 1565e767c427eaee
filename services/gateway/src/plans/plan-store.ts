import { common } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { checkRepeated, type IdempotencyKey, keyBusy, onRepeatedKey } from "../http/idempotency-key.ts";
import {
  isAfterPosition,
  type ListPage,
  pageOf,
  type Position,
  positionParams,
  selectPosition,
} from "../http/list-cursor.ts";
import { quote } from "../http/refuse.ts";
import { isUuid } from "../http/uuid.ts";
import type { StoredPicture } from "../jobs/job.ts";
import { createJobId } from "../jobs/job-id.ts";
import type { WarningView } from "../jobs/job-parts.ts";

/** A plan that can be looked at, changed, approved and followed by many edits. */
export interface StoredPlan {
  readonly id: string;
  readonly tenantId: string;
  /** An approved plan never changes. */
  readonly status: "draft" | "approved";
  /** Rises with each change, from 1. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly approvedAt?: number;
  /** For people. */
  readonly name?: string;
  readonly plan: common.EditPlan;
  /** The picture that was planned. */
  readonly image: StoredPicture;
  /** Upright size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly warnings: readonly WarningView[];
}

export type NewPlan = Pick<StoredPlan, "tenantId" | "name" | "plan" | "image" | "width" | "height" | "warnings">;

interface PlanRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly status: StoredPlan["status"];
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly approved_at: Date | null;
  readonly name: string | null;
  readonly body: Buffer;
  readonly image: StoredPicture;
  readonly width: number;
  readonly height: number;
  readonly warnings: WarningView[];
}

/** Plans in the database. */
export class PlanStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores a plan, or finds the one that the same idempotency key stored first. Errors: IDEMPOTENCY_KEY_REUSED. */
  async add(given: NewPlan, idempotency?: IdempotencyKey): Promise<{ stored: StoredPlan; replayed: boolean }> {
    const [row] = await this.#database.query<PlanRow>(
      `INSERT INTO plan (id, tenant_id, name, body, image, width, height, warnings, idempotency_key, fingerprint)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8::jsonb, $9, $10) ${onRepeatedKey} RETURNING *`,
      [
        createJobId(),
        given.tenantId,
        given.name ?? null,
        encode(given.plan),
        JSON.stringify(given.image),
        given.width,
        given.height,
        JSON.stringify(given.warnings),
        idempotency?.key ?? null,
        idempotency?.fingerprint ?? null,
      ],
    );
    if (row || !idempotency) return { stored: toPlan(row!), replayed: false };
    const stored = await this.findRepeated(given.tenantId, idempotency);
    if (!stored) throw keyBusy();
    return { stored, replayed: true };
  }

  /** The plan that an idempotency key has made. Errors: IDEMPOTENCY_KEY_REUSED. */
  async findRepeated(tenantId: string, idempotency: IdempotencyKey): Promise<StoredPlan | undefined> {
    const [row] = await this.#database.query<PlanRow & { fingerprint: string }>(
      "SELECT * FROM plan WHERE tenant_id = $1 AND idempotency_key = $2",
      [tenantId, idempotency.key],
    );
    if (!row) return undefined;
    checkRepeated(row.fingerprint, idempotency);
    return toPlan(row);
  }

  /** Throws NOT_FOUND (PLAN_NOT_FOUND). */
  async read(tenantId: string, id: string): Promise<StoredPlan> {
    const [row] = isUuid(id)
      ? await this.#database.query<PlanRow>("SELECT * FROM plan WHERE id = $1 AND tenant_id = $2", [id, tenantId])
      : [];
    if (row) return toPlan(row);
    throw new MoodError("NOT_FOUND", "PLAN_NOT_FOUND", `No plan has the id ${quote(id)}.`);
  }

  /** Newest first. Errors: CURSOR_INVALID. */
  async list(tenantId: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<ListPage<StoredPlan>> {
    const rows = await this.#database.query<PlanRow & Position>(
      `SELECT *, ${selectPosition} FROM plan WHERE tenant_id = $1 AND ${isAfterPosition(2)} ORDER BY created_at DESC, id DESC LIMIT $4`,
      [tenantId, ...positionParams(cursor), limit + 1],
    );
    return pageOf(rows, limit, toPlan);
  }

  /** Changes a draft that still has `version`. Errors: PLAN_NOT_FOUND, FAILED_PRECONDITION (PLAN_APPROVED), ABORTED (PLAN_CHANGED). */
  async change(
    known: StoredPlan,
    change: { readonly plan?: common.EditPlan; readonly name?: string; readonly approve?: boolean },
  ): Promise<StoredPlan> {
    const { tenantId, id, version } = known;
    const [row] = await this.#database.query<PlanRow>(
      `UPDATE plan SET body = COALESCE($4::bytea, body), name = COALESCE($5::text, name), version = version + 1, updated_at = now(),
         status = CASE WHEN $6::boolean THEN 'approved' ELSE status END, approved_at = CASE WHEN $6::boolean THEN now() END
       WHERE id = $1 AND tenant_id = $2 AND version = $3 AND status = 'draft' RETURNING *`,
      [id, tenantId, version, change.plan ? encode(change.plan) : null, change.name ?? null, change.approve === true],
    );
    if (row) return toPlan(row);
    const now = await this.read(tenantId, id);
    if (now.status === "approved") {
      const text = "The plan is approved and does not change any more; make a new one.";
      throw new MoodError("FAILED_PRECONDITION", "PLAN_APPROVED", text);
    }
    const text = `The plan has changed meanwhile: expected version ${version}, got ${now.version}. Read it again.`;
    throw new MoodError("ABORTED", "PLAN_CHANGED", text, { details: { expected: version, got: now.version } });
  }

  /** Does nothing when there is no such plan. */
  async remove(tenantId: string, id: string): Promise<void> {
    if (isUuid(id)) await this.#database.query("DELETE FROM plan WHERE id = $1 AND tenant_id = $2", [id, tenantId]);
  }
}

function toPlan(row: PlanRow): StoredPlan {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    status: row.status,
    version: row.version,
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
    ...(row.approved_at && { approvedAt: row.approved_at.getTime() }),
    ...(row.name !== null && { name: row.name }),
    plan: common.EditPlan.decode(row.body),
    image: row.image,
    width: row.width,
    height: row.height,
    warnings: row.warnings,
  };
}

function encode(plan: common.EditPlan): Buffer {
  return Buffer.from(common.EditPlan.encode(plan).finish());
}
