import { randomBytes } from "node:crypto";
import type { Database } from "../database/database.ts";
import {
  isAfterPosition,
  type ListPage,
  pageOf,
  type Position,
  positionParams,
  selectPosition,
} from "../http/list-cursor.ts";
import { makeSecret } from "./signature.ts";
import type { Delivery, DeliveryAttempt, DeliveryStatus, Endpoint, EventType } from "./webhook.ts";

/** What a caller says about a new endpoint. */
export interface NewEndpoint {
  readonly url: string;
  readonly description: string;
  readonly events: readonly EventType[];
}

/** Days for which a delivery can be looked at and sent again. */
const keepDays = 30;

const endpointIdPattern = /^we_[0-9a-f]{16}$/;

interface EndpointRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly url: string;
  readonly description: string;
  readonly events: readonly EventType[];
  readonly secret: string;
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly disabled_reason: string | null;
}

interface DeliveryRow {
  readonly id: number;
  readonly message_id: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly tries: number;
  readonly next_at: Date;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly attempts: readonly DeliveryAttempt[];
}

/** Which deliveries to list. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly limit: number;
  readonly before?: number | undefined;
}

/** Webhook endpoints and deliveries of tenants; every call names the tenant. */
export class WebhookStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes an endpoint; its secret is returned here and at a rotation, never again. */
  async create(
    tenantId: string,
    { url, description, events }: NewEndpoint,
  ): Promise<{ endpoint: Endpoint; secret: string }> {
    const [row] = await this.#database.query<EndpointRow>(
      "INSERT INTO webhook_endpoint (id, tenant_id, url, description, events, secret) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
      [`we_${randomBytes(8).toString("hex")}`, tenantId, url, description, [...events], makeSecret()],
    );
    return { endpoint: toEndpoint(row as EndpointRow), secret: (row as EndpointRow).secret };
  }

  /** Newest first. Errors: CURSOR_INVALID. */
  async list(tenantId: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<ListPage<Endpoint>> {
    const rows = await this.#database.query<EndpointRow & Position>(
      `SELECT *, ${selectPosition} FROM webhook_endpoint WHERE tenant_id = $1 AND ${isAfterPosition(2, "text")} ORDER BY created_at DESC, id DESC LIMIT $4`,
      [tenantId, ...positionParams(cursor, (id) => endpointIdPattern.test(id)), limit + 1],
    );
    return pageOf(rows, limit, toEndpoint);
  }

  async get(tenantId: string, id: string): Promise<Endpoint | undefined> {
    return this.#one("SELECT * FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2", [tenantId, id]);
  }

  async remove(tenantId: string, id: string): Promise<Endpoint | undefined> {
    return this.#one("DELETE FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2 RETURNING *", [tenantId, id]);
  }

  /** Sends again to an endpoint that was disabled; what waited meanwhile is sent too. */
  async enable(tenantId: string, id: string): Promise<Endpoint | undefined> {
    return this.#one(
      "UPDATE webhook_endpoint SET disabled_at = NULL, disabled_reason = NULL WHERE tenant_id = $1 AND id = $2 RETURNING *",
      [tenantId, id],
    );
  }

  /** A new secret; for a day messages are signed with both. */
  async rotateSecret(tenantId: string, id: string): Promise<{ endpoint: Endpoint; secret: string } | undefined> {
    const secret = makeSecret();
    const endpoint = await this.#one(
      `UPDATE webhook_endpoint SET previous_secret = secret, previous_until = now() + interval '1 day', secret = $3
       WHERE tenant_id = $1 AND id = $2 RETURNING *`,
      [tenantId, id, secret],
    );
    return endpoint && { endpoint, secret };
  }

  /** Queues a `ping` for one endpoint. */
  async ping(tenantId: string, id: string): Promise<Endpoint | undefined> {
    const endpoint = await this.get(tenantId, id);
    if (!endpoint) return undefined;
    const payload = JSON.stringify({ type: "ping", timestamp: new Date().toISOString(), data: { endpoint_id: id } });
    await this.#database.query(
      "INSERT INTO webhook_delivery (message_id, endpoint_id, tenant_id, type, payload) VALUES ($1, $2, $3, 'ping', $4::jsonb)",
      [`msg_${randomBytes(16).toString("hex")}`, id, tenantId, payload],
    );
    await this.#notify();
    return endpoint;
  }

  /** An endpoint's deliveries with their attempts, newest first. */
  async deliveries(
    tenantId: string,
    endpointId: string,
    { status, limit, before }: DeliveryFilter,
  ): Promise<Delivery[]> {
    const rows = await this.#database.query<DeliveryRow>(
      `SELECT d.*, COALESCE((SELECT jsonb_agg(jsonb_build_object('at', a.at, 'status', a.status, 'reason', a.reason, 'duration_ms', a.duration_ms) ORDER BY a.attempt)
         FROM webhook_attempt a WHERE a.delivery_id = d.id), '[]'::jsonb) AS attempts
       FROM webhook_delivery d WHERE tenant_id = $1 AND endpoint_id = $2 AND ($3::text IS NULL OR status = $3) AND ($4::bigint IS NULL OR id < $4)
       ORDER BY id DESC LIMIT $5`,
      [tenantId, endpointId, status ?? null, before ?? null, limit],
    );
    return rows.map(toDelivery);
  }

  /** Queues a delivery again, under the same message id. Undefined when the endpoint has no such delivery; nothing changes while it is on its way. */
  async replay(tenantId: string, endpointId: string, deliveryId: number): Promise<boolean> {
    const found = await this.#requeue("tenant_id = $1 AND endpoint_id = $2 AND id = $3", [
      tenantId,
      endpointId,
      deliveryId,
    ]);
    return (
      found > 0 ||
      (await this.deliveries(tenantId, endpointId, { limit: 1, before: deliveryId + 1 })).some(
        ({ id }) => id === String(deliveryId),
      )
    );
  }

  /** Queues everything again that an endpoint was sent and has not taken, but what is on its way; returns how many. */
  recover(tenantId: string, endpointId: string): Promise<number> {
    return this.#requeue("tenant_id = $1 AND endpoint_id = $2 AND status IN ('pending', 'failed') AND tries > 0", [
      tenantId,
      endpointId,
    ]);
  }

  /** Forgets deliveries 30 days after their end, or after their endpoint was disabled; returns how many, at most 10,000 of each. */
  async sweep(): Promise<number> {
    const age = `interval '${keepDays} days'`;
    const forgotten = await this.#database.query(
      `DELETE FROM webhook_delivery WHERE id IN (
         (SELECT id FROM webhook_delivery WHERE finished_at < now() - ${age} LIMIT 10000)
         UNION ALL (
           SELECT d.id FROM webhook_endpoint e JOIN webhook_delivery d ON d.endpoint_id = e.id
           WHERE e.disabled_at < now() - ${age} AND d.status = 'pending' AND d.created_at < now() - ${age} LIMIT 10000)) RETURNING id`,
    );
    return forgotten.length;
  }

  async #requeue(where: string, params: readonly unknown[]): Promise<number> {
    const rows = await this.#database.query(
      // A delivery without an entry for its newest attempt is on its way.
      `UPDATE webhook_delivery d SET status = 'pending', tries = 0, next_at = now(), finished_at = NULL WHERE ${where}
         AND (status <> 'pending' OR EXISTS (SELECT 1 FROM webhook_attempt a WHERE a.delivery_id = d.id AND a.attempt = d.attempt)) RETURNING id`,
      params,
    );
    await this.#notify();
    return rows.length;
  }

  async #notify(): Promise<void> {
    await this.#database.query("SELECT pg_notify('moodifier_webhook', '')");
  }

  async #one(sql: string, params: readonly unknown[]): Promise<Endpoint | undefined> {
    const [row] = await this.#database.query<EndpointRow>(sql, params);
    return row && toEndpoint(row);
  }
}

function toEndpoint(row: EndpointRow): Endpoint {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    url: row.url,
    description: row.description,
    events: row.events,
    createdAt: row.created_at,
    ...(row.disabled_at && { disabledAt: row.disabled_at }),
    ...(row.disabled_reason !== null && { disabledReason: row.disabled_reason }),
  };
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: String(row.id),
    messageId: row.message_id,
    type: row.type,
    status: row.status,
    createdAt: row.created_at,
    ...(row.status === "pending" && { nextAt: row.next_at }),
    ...(row.finished_at && { finishedAt: row.finished_at }),
    attempts: row.attempts,
  };
}
