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

/** When a lane's clock is set back: most of the numbers are then left for what waits. */
const lateAt = Math.floor(maxTag / 4);

/** Virtual time per megapixel-step at weight 1: a picture of 256 pixels costs some 8 units, so that weights tell with small pictures too. */
const unitsPerStep = 16;
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

/** Lanes whose clock is so late that it is to be set back, long before its numbers run out. */
export async function lateLanes(database: Database): Promise<Lane[]> {
  const rows = await database.query<{ lane: Lane }>("SELECT lane FROM lane_clock WHERE virtual > $1", [lateAt]);
  return rows.map(({ lane }) => lane);
}

/** Sets a lane's clock back to zero, and by as much all that counts from it: the tenants' shares and the entries of the queue. For a transaction beside which nobody claims. */
export async function setBackClock(tx: Database, lane: Lane): Promise<void> {
  // Waits for submits that are under way, whose entries nobody else sees yet.
  await tx.query("LOCK TABLE lane_share IN EXCLUSIVE MODE");
  const [{ virtual } = { virtual: 0 }] = await tx.query<{ virtual: number }>(
    "SELECT virtual FROM lane_clock WHERE lane = $1",
    [lane],
  );
  await tx.query("UPDATE lane_clock SET virtual = 0 WHERE lane = $1", [lane]);
  await tx.query("DELETE FROM lane_share WHERE lane = $1 AND finish <= $2::bigint", [lane, virtual]);
  await tx.query("UPDATE lane_share SET finish = finish - $2::bigint WHERE lane = $1", [lane, virtual]);
  await tx.query(
    `UPDATE pgboss.job SET priority = priority - (priority & ${maxTag}) + LEAST(${maxTag}, (priority & ${maxTag}) + $2::int)
     WHERE name = $1 AND state <= 'active'`,
    [lane, Math.min(virtual, maxTag)],
  );
}

/** The priority above, the earlier virtual start below; fits a signed 32-bit number. */
function toOrder(priority: Priority, tag: number): number {
  return priority * 2 ** tagBits + (maxTag - Math.min(tag, maxTag));
}
