import { randomBytes } from "node:crypto";
import { MoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { checkRepeated, type IdempotencyKey, keyBusy, onRepeatedKey } from "../http/idempotency-key.ts";
import { quote } from "../http/refuse.ts";

/** A file that a tenant sent for later use. Times are milliseconds since the epoch. */
export interface Upload {
  readonly id: string;
  /** sha256 of the content. */
  readonly key: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly expiresAt: number;
}

interface UploadRecord {
  readonly id: string;
  readonly key: string;
  readonly bytes: number;
  readonly media_type: string;
  readonly expires_at: Date;
}

/** Who sent what; the bytes are in the storage. */
export class UploadStore {
  readonly #database: Database;
  readonly #retentionMs: number;

  /** `retentionMs`: how long an upload stays, unless rows of a batch need it longer. */
  constructor(database: Database, retentionMs: number) {
    this.#database = database;
    this.#retentionMs = retentionMs;
  }

  /** Records what was stored, or finds what the same idempotency key recorded first. Errors: IDEMPOTENCY_KEY_REUSED. */
  async add(
    tenantId: string,
    content: { key: string; bytes: number; mediaType: string },
    idempotency?: IdempotencyKey,
  ): Promise<{ upload: Upload; replayed: boolean }> {
    const [record] = await this.#database.query<UploadRecord>(
      `INSERT INTO upload (id, tenant_id, key, bytes, media_type, expires_at, idempotency_key, fingerprint)
       VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 ms', $7, $8) ${onRepeatedKey} RETURNING *`,
      [
        randomBytes(12).toString("base64url"),
        tenantId,
        content.key,
        content.bytes,
        content.mediaType,
        this.#retentionMs,
        idempotency?.key ?? null,
        idempotency?.fingerprint ?? null,
      ],
    );
    if (record || !idempotency) return { upload: toUpload(record!), replayed: false };
    const earlier = await this.findRepeated(tenantId, idempotency);
    if (!earlier) throw keyBusy();
    return { upload: earlier, replayed: true };
  }

  /** Errors: UPLOAD_NOT_FOUND, also for other tenants' uploads. */
  async require(tenantId: string, id: string): Promise<Upload> {
    const [record] = await this.#database.query<UploadRecord>("SELECT * FROM upload WHERE id = $1 AND tenant_id = $2", [
      id,
      tenantId,
    ]);
    if (record) return toUpload(record);
    throw new MoodError(
      "NOT_FOUND",
      "UPLOAD_NOT_FOUND",
      `No upload has the id ${quote(id)}; uploads expire after a while.`,
    );
  }

  /** The upload that an idempotency key has made. Errors: IDEMPOTENCY_KEY_REUSED. */
  async findRepeated(tenantId: string, idempotency: IdempotencyKey): Promise<Upload | undefined> {
    const [record] = await this.#database.query<UploadRecord & { fingerprint: string }>(
      "SELECT * FROM upload WHERE tenant_id = $1 AND idempotency_key = $2",
      [tenantId, idempotency.key],
    );
    if (!record) return undefined;
    checkRepeated(record.fingerprint, idempotency);
    return toUpload(record);
  }
}

function toUpload({ id, key, bytes, media_type, expires_at }: UploadRecord): Upload {
  return { id, key, bytes, mediaType: media_type, expiresAt: expires_at.getTime() };
}
