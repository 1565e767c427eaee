import { describe, expect, it } from "vitest";
import { databaseKinds } from "../database/testing/databases.ts";
import { input, useJobStore } from "../testing/job-store-under-test.ts";
import type { NewJob } from "./job.ts";

describe.each(databaseKinds)("fair share on $name", (kind) => {
  const jobs = useJobStore(kind);
  const submit = (tenantId: string, count: number, more: Partial<NewJob> = {}) =>
    jobs.store.submitAll(Array.from({ length: count }, () => ({ tenantId, input, lane: "batch", ...more })));
  const claimAll = async (count: number) =>
    (await jobs.claim(count)).map(({ job }) => `${job.tenantId} ${job.priority}`);

  it("heeds weights of tenants whose pictures are small", async () => {
    const small = { ...input, width: 256, height: 256 };
    await submit("light", 24, { input: small });
    await submit("heavy", 24, { input: small });
    const order = await claimAll(16);
    expect(order.filter((each) => each.startsWith("heavy")).length).toBeGreaterThanOrEqual(11);
  });

  it("goes on in the same order when a busy lane's clock is set back", async () => {
    await submit("left", 1, { priority: -100 });
    await submit("urgent", 1, { priority: 5 });
    // As if millions of jobs had been claimed since.
    await jobs.database.query("UPDATE lane_clock SET virtual = 5000000 WHERE lane = 'batch'");
    await submit("busy", 3);
    await jobs.store.sweep();
    const clock = await jobs.database.query("SELECT virtual FROM lane_clock WHERE lane = 'batch'");
    expect(clock).toEqual([{ virtual: 0 }]);
    // A newcomer comes after the first job of the busy one, whose share counts from the clock that was set back.
    await submit("new", 2);
    const order = await claimAll(7);
    expect(order[0]).toBe("urgent 5");
    expect(order.slice(1, 3).toSorted()).toEqual(["busy 0", "new 0"]);
    expect(order.slice(3, 5).toSorted()).toEqual(["busy 0", "new 0"]);
    expect(order.slice(5)).toEqual(["busy 0", "left -100"]);
    await submit("busy", 1);
    const shares = await jobs.database.query<{ finish: number }>(
      "SELECT finish FROM lane_share WHERE tenant_id = 'busy'",
    );
    expect(shares[0]?.finish).toBeLessThan(1000);
  });
});
