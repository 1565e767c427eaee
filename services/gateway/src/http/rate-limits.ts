import { MoodError } from "@moodifier/service-kit";
import type { Response } from "express";
import type { Database } from "../database/database.ts";
import { refuse } from "./refuse.ts";

/** What a tenant may ask for in a minute. 0 means without limit. */
export interface RatePolicy {
  /** Requests that make something. */
  readonly requests: number;
  /** Work, in megapixels times denoising steps. */
  readonly megapixelSteps: number;
}

/** What a request costs. */
export interface RateCost {
  readonly requests: number;
  readonly megapixelSteps: number;
}

const windowSeconds = 60;

interface Counted {
  readonly requests: number;
  readonly megapixel_steps: number;
  readonly left: number;
}

/** Counts what tenants ask for in windows of a minute, in the database, so that every gateway counts the same. */
export class RateLimits {
  readonly #database: Database;
  readonly #policyOf: (tenantId: string) => RatePolicy;

  constructor(database: Database, policyOf: (tenantId: string) => RatePolicy) {
    this.#database = database;
    this.#policyOf = policyOf;
  }

  /**
   * Counts a request and writes the fields `RateLimit-Policy` and `RateLimit` (IETF draft 10) into the response, where there is one. Errors: RESOURCE_EXHAUSTED (RATE_LIMITED) with
   * `retryAfterSeconds`; INVALID_ARGUMENT (QUOTA_TOO_SMALL) for what no wait helps. A refused request costs nothing.
   */
  async charge(tenantId: string, cost: RateCost, response?: Response): Promise<void> {
    const policy = this.#policyOf(tenantId);
    const units = [
      { name: "requests", quota: policy.requests, cost: cost.requests, column: "requests" },
      { name: "megapixel-steps", quota: policy.megapixelSteps, cost: cost.megapixelSteps, column: "megapixel_steps" },
    ] as const;
    const limited = units.filter(({ quota }) => quota > 0);
    if (limited.length === 0) return;
    for (const { name, quota, cost: own } of limited) {
      if (own <= quota) continue;
      const expected = `at most ${quota} ${name}, the quota of ${windowSeconds} s`;
      throw refuse("QUOTA_TOO_SMALL", { argument: "request", expected, got: String(own) });
    }
    const counted = await this.#count(tenantId, cost);
    const resetSeconds = Math.max(1, Math.ceil(counted.left));
    const over = limited.find(({ quota, column }) => counted[column] > quota);
    if (over) await this.#count(tenantId, { requests: -cost.requests, megapixelSteps: -cost.megapixelSteps });
    response?.setHeader(
      "RateLimit-Policy",
      limited.map(({ name, quota }) => `"${name}";q=${Math.floor(quota)};w=${windowSeconds}`).join(", "),
    );
    response?.setHeader(
      "RateLimit",
      limited
        .map(({ name, quota, column, cost: own }) => {
          const used = counted[column] - (over ? own : 0);
          return `"${name}";r=${Math.max(0, Math.floor(quota - used))};t=${resetSeconds}`;
        })
        .join(", "),
    );
    if (!over) return;
    const text = `${over.name}: expected at most ${over.quota} in ${windowSeconds} s, got more. Try again in ${resetSeconds} s.`;
    const details = { policy: over.name, quota: over.quota, retryAfterSeconds: resetSeconds };
    throw new MoodError("RESOURCE_EXHAUSTED", "RATE_LIMITED", text, { details });
  }

  async #count(tenantId: string, { requests, megapixelSteps }: RateCost): Promise<Counted> {
    const [row] = await this.#database.query<Counted>(
      `INSERT INTO rate_window AS w (tenant_id, began_at, requests, megapixel_steps) VALUES ($1, now(), $2::float8, $3::float8)
       ON CONFLICT (tenant_id) DO UPDATE SET
         began_at = CASE WHEN w.began_at <= now() - interval '${windowSeconds} seconds' OR w.began_at > now() + interval '1 second' THEN now() ELSE w.began_at END,
         requests = GREATEST(0, $2::float8 + CASE WHEN w.began_at <= now() - interval '${windowSeconds} seconds' THEN 0 ELSE w.requests END),
         megapixel_steps = GREATEST(0, $3::float8 + CASE WHEN w.began_at <= now() - interval '${windowSeconds} seconds' THEN 0 ELSE w.megapixel_steps END)
       RETURNING requests, megapixel_steps, (${windowSeconds} - extract(epoch FROM now() - began_at))::float8 AS left`,
      [tenantId, Math.max(requests, -1e9), megapixelSteps],
    );
    return row as Counted;
  }
}
