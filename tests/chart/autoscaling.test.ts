import { describe, expect, it } from "vitest";
import { readQuery } from "../telemetry/promql.ts";
import { openDatabase } from "../../services/gateway/src/database/open-database.ts";
import { external, find, type Manifest, render, type Values } from "./chart.ts";

describe("the autoscaler", () => {
  it("leaves the replicas to the autoscaler", () => {
    const scaled = render({ ...external, services: { clip: { autoscaling: { mode: "hpa" } } } });
    expect(find(scaled, "Deployment", "clip").spec).not.toHaveProperty("replicas");
    expect(find(scaled, "Deployment", "mllm").spec.replicas).toBe(2);
  });
});

const keda = {
  mode: "keda",
  keda: { prometheus: { serverAddress: "http://prometheus:9090" }, postgresql: { enabled: true } },
};
/** The queries of a service's triggers: Prometheus, PostgreSQL. */
function queriesOf(name: string, more: Values = {}): [string, string] {
  const shared = { services: { worker: { enabled: true } }, defaults: { autoscaling: keda } };
  const { triggers } = find(render({ ...external, ...shared, ...more }), "ScaledObject", name).spec;
  return triggers.map(({ metadata }: Manifest) => metadata.query);
}

describe("the default query of KEDA", () => {
  it.each(["mllm", "clip", "diffusion"])("of %s counts its own calls", (name) => {
    const [query] = queriesOf(name);
    const series = `{service="${name}",namespace="prod"}`;
    expect(query).toBe(`sum(moodifier_queue_depth${series}) + sum(moodifier_queue_running${series})`);
    expect(readQuery(query).selectors.map(({ name: metric }) => metric)).toHaveLength(2);
  });

  it.each(["gateway", "worker"])("of %s counts what all replicas tell of the database, once", (name) => {
    // The gateway's code calls itself gateway in every role.
    const series = 'service="gateway",namespace="prod"';
    const running = `sum(max by (queue) (moodifier_queue_running{${series},queue!="rows"}))`;
    const [query] = queriesOf(name);
    expect(query).toBe(`sum(max by (queue) (moodifier_queue_depth{${series}})) + ${running}`);
    expect(readQuery(query).selectors).toHaveLength(2);
    const [elsewhere] = queriesOf(name, { clusterJobs: { enabled: true } });
    expect(elsewhere).toBe(`sum(max by (queue) (moodifier_queue_depth{${series},queue!="rows"})) + ${running}`);
  });

  it("counts jobs and waiting rows in the gateway's own schema", async () => {
    const database = await openDatabase({});
    const [id, row] = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"];
    const job = (key: string, finished: string, batch: string) =>
      database.query(
        `INSERT INTO job (id, tenant_id, lane, status, stage, sequence, finish_by, megapixel_steps, input, record, finished_at, batch_id)
         VALUES ('${key}', 'a', 'batch', 'queued', 'queued', 1, now(), 1, '{}', '{}', ${finished}, ${batch})`,
      );
    await job(id, "NULL", "NULL");
    await job(row, "NULL", `'${id}'`);
    await job("00000000-0000-0000-0000-000000000003", "now()", "NULL");
    await database.query(
      `INSERT INTO batch (id, tenant_id, status, options, columns, survey, total) VALUES ('${id}', 'a', 'running', '{}', '[]', '{}', 4)`,
    );
    for (const [index, status] of ["succeeded", "running", "pending", "pending"].entries()) {
      await database.query(
        `INSERT INTO batch_row (batch_id, row_index, tenant_id, external_id, status, plan) VALUES ('${id}', ${index}, 'a', 'x', '${status}', '{}')`,
      );
    }
    const count = async (query: string) => Number(Object.values((await database.query<object>(query))[0]!)[0]);
    expect(await count(queriesOf("worker")[1])).toBe(4);
    expect(await count(queriesOf("worker", { clusterJobs: { enabled: true } })[1])).toBe(1);
    await database.close();
  });
});
