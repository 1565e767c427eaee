import { describe, expect, it } from "vitest";
import { readQuery } from "../telemetry/promql.ts";
import { external, find, render } from "./chart.ts";

describe("the autoscaler", () => {
  it("leaves the replicas to the autoscaler", () => {
    const scaled = render({ ...external, services: { clip: { autoscaling: { mode: "hpa" } } } });
    expect(find(scaled, "Deployment", "clip").spec).not.toHaveProperty("replicas");
    expect(find(scaled, "Deployment", "mllm").spec.replicas).toBe(2);
  });
});

describe("the default query of KEDA", () => {
  const keda = { mode: "keda", keda: { prometheus: { serverAddress: "http://prometheus:9090" } } };
  const manifests = render({ ...external, services: { worker: { enabled: true } }, defaults: { autoscaling: keda } });

  it.each(["gateway", "worker", "mllm", "clip", "diffusion"])("of %s counts what somebody exports", (name) => {
    const { query } = find(manifests, "ScaledObject", name).spec.triggers[0].metadata;
    const { selectors } = readQuery(query);
    expect(selectors.map(({ name: metric }) => metric)).toEqual(["moodifier_queue_depth", "moodifier_queue_running"]);
    const shared = name === "gateway" || name === "worker";
    // The gateway's code calls itself gateway in every role, and all its replicas tell of the same database.
    expect(query).toContain(`service="${shared ? "gateway" : name}",namespace="prod"`);
    expect(query.match(/sum\(max by \(queue\)/g) ?? []).toHaveLength(shared ? 2 : 0);
  });
});
