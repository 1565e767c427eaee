import type { Database } from "../database/database.ts";
import type { Scope } from "../tenants/identity.ts";
import type { ApiKey } from "./api-key.ts";
import { hashKey, makeKey, parseKey, sameHash } from "./key-secret.ts";

/** What a new key may do and for how long. */
export interface KeyGrant {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date;
}

/** A new key with its secret, which exists nowhere else. */
export interface IssuedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/** `tenantId` undefined means any tenant: operators only. */
type Owner = string | undefined;

interface KeyRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly hash: Buffer;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
  readonly replaced_by: string | null;
}

/** API keys in the database. */
export class KeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes a key. `database` may be a transaction. */
  async issue(grant: KeyGrant, database = this.#database): Promise<IssuedKey> {
    const { id, key, hash } = makeKey();
    const [row] = await database.query<KeyRow>(
      `INSERT INTO api_key (id, tenant_id, name, scopes, hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`,
      [id, grant.tenantId, grant.name, [...grant.scopes], hash, grant.expiresAt],
    );
    return { key: toKey(row as KeyRow), secret: key };
  }

  /** The key that a secret opens while it is neither expired nor revoked. Notes its use, at most once a minute. */
  async find(secret: string): Promise<ApiKey | undefined> {
    const id = parseKey(secret)?.id;
    if (id === undefined) return undefined;
    const [row] = await this.#database.query<KeyRow>(
      "SELECT * FROM api_key WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
      [id],
    );
    if (!row || !sameHash(row.hash, hashKey(secret))) return undefined;
    await this.#database.query(
      "UPDATE api_key SET last_used_at = now() WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
      [id],
    );
    return toKey(row);
  }

  /** A tenant's keys, newest first, after the key `after`. */
  async list(tenantId: Owner, limit: number, after?: string): Promise<ApiKey[]> {
    const rows = await this.#database.query<KeyRow>(
      `SELECT * FROM api_key k WHERE ($1::text IS NULL OR tenant_id = $1)
        AND ($2::text IS NULL OR (created_at, id) < (SELECT created_at, id FROM api_key WHERE id = $2))
        ORDER BY created_at DESC, id DESC LIMIT $3`,
      [tenantId ?? null, after ?? null, limit],
    );
    return rows.map(toKey);
  }

  async get(id: string, tenantId: Owner): Promise<ApiKey | undefined> {
    const [row] = await this.#database.query<KeyRow>(
      "SELECT * FROM api_key WHERE id = $1 AND ($2::text IS NULL OR tenant_id = $2)",
      [id, tenantId ?? null],
    );
    return row && toKey(row);
  }

  /** Ends a key at once; a revoked one stays as it is. */
  async revoke(id: string, tenantId: Owner): Promise<ApiKey | undefined> {
    const [row] = await this.#database.query<KeyRow>(
      `UPDATE api_key SET revoked_at = COALESCE(revoked_at, now()) WHERE id = $1 AND ($2::text IS NULL OR tenant_id = $2) RETURNING *`,
      [id, tenantId ?? null],
    );
    return row && toKey(row);
  }

  /** Puts a new key in the place of an active one, which still works for `graceSeconds`. Undefined when there is no such active key. */
  rotate(id: string, tenantId: Owner, graceSeconds: number): Promise<IssuedKey | undefined> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx.query<KeyRow>(
        `SELECT * FROM api_key WHERE id = $1 AND ($2::text IS NULL OR tenant_id = $2) AND revoked_at IS NULL
          AND replaced_by IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE`,
        [id, tenantId ?? null],
      );
      if (!row) return undefined;
      const old = toKey(row);
      const lifeMs = (old.expiresAt?.getTime() ?? 0) - old.createdAt.getTime();
      const issued = await this.issue({ ...old, expiresAt: new Date(Date.now() + Math.max(lifeMs, 86_400_000)) }, tx);
      await tx.query(
        `UPDATE api_key SET replaced_by = $2, expires_at = LEAST(expires_at, now() + $3 * interval '1 second') WHERE id = $1`,
        [id, issued.key.id, graceSeconds],
      );
      return issued;
    });
  }
}

function toKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at,
    ...(row.expires_at && { expiresAt: row.expires_at }),
    ...(row.revoked_at && { revokedAt: row.revoked_at }),
    ...(row.last_used_at && { lastUsedAt: row.last_used_at }),
    ...(row.replaced_by !== null && { replacedBy: row.replaced_by }),
  };
}
