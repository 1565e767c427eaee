import type { Database } from "../database/database.ts";
import type { Lane, Priority } from "./job.ts";

/** How much a tenant may use. */
export interface TenantLimits {
  /** Share of the work when tenants compete, above 0; 1 is usual. */
  readonly weight: number;
  /** Jobs of one lane that run at the same time, 1..256. */
  readonly concurrency: number;
  /** Jobs that may wait in one lane. */
  readonly backlog: number;
}

/** Tells the limits of a tenant. */
export type LimitsOf = (tenantId: string) => TenantLimits;

/** Bits of the order number below the priority's. */
const tagBits = 24;
const maxTag = 2 ** tagBits - 1;

/** Virtual time per megapixel-step at weight 1. */
const unitsPerStep = 2;
const maxCost = 2 ** 12;

/**
 * Start-time fair queueing: a tenant's next job begins, in virtual time, where its last one ends, or now; what it costs is its work divided by the tenant's weight. A tenant with a thousand waiting
 * jobs is thereby a thousand jobs ahead of the clock, and a newcomer's first job comes next. Returns one order number for each amount of work; the queue takes the highest first.
 */
export async function orderNumbers(
  tx: Database,
  place: { lane: Lane; tenantId: string; priority: Priority; weight: number },
  megapixelSteps: readonly number[],
): Promise<number[]> {
  const costs = megapixelSteps.map((work) =>
    Math.min(maxCost, Math.max(1, Math.round((work * unitsPerStep) / place.weight))),
  );
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const [row] = await tx.query<{ begin: number }>(
    `INSERT INTO lane_share AS share (lane, tenant_id, finish)
     SELECT $1::text, $2::text, virtual + $3::bigint FROM lane_clock WHERE lane = $1::text
     ON CONFLICT (lane, tenant_id) DO UPDATE
       SET finish = GREATEST(share.finish, (SELECT virtual FROM lane_clock WHERE lane = $1::text)) + $3::bigint
     RETURNING finish - $3::bigint AS begin`,
    [place.lane, place.tenantId, total],
  );
  let tag = row?.begin ?? 0;
  return costs.map((cost) => {
    const number = toOrder(place.priority, tag);
    tag += cost;
    return number;
  });
}

/** Lets the lane's clock follow the newest job that was taken. */
export async function advanceClock(tx: Database, lane: Lane, orders: readonly number[]): Promise<void> {
  const tag = Math.max(...orders.map((order) => maxTag - (order & maxTag)));
  await tx.query("UPDATE lane_clock SET virtual = GREATEST(virtual, $2::bigint) WHERE lane = $1", [lane, tag]);
}

/** Sets a lane without waiting jobs back to zero, long before its numbers run out. */
export async function resetIdleClocks(tx: Database): Promise<void> {
  await tx.query(
    `WITH idle AS (
       UPDATE lane_clock SET virtual = 0 WHERE virtual > $1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.lane = lane_clock.lane AND status = 'queued')
       RETURNING lane)
     DELETE FROM lane_share WHERE lane IN (SELECT lane FROM idle)`,
    [Math.floor(maxTag / 4)],
  );
}

/** The priority above, the earlier virtual start below; fits a signed 32-bit number. */
function toOrder(priority: Priority, tag: number): number {
  return priority * 2 ** tagBits + (maxTag - Math.min(tag, maxTag));
}
