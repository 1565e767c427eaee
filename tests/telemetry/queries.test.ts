import { readFileSync } from "node:fs";
import path from "node:path";
import { createMetrics } from "@moodifier/service-kit";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { createGatewayMetrics } from "../../services/gateway/src/telemetry/gateway-metrics.ts";
import { chart, type Query, readPanels, readQuery, readRules } from "./promql.ts";

/** Labels that the services or Prometheus put on every series. */
const EVERYWHERE = ["service", "instance", "job", "namespace", "pod"];

/** Names that can be queried, with their labels: what the services export, and what the rules record. */
function readExports(): Map<string, readonly string[]> {
  const metrics = createMetrics({ service: "gateway", process: true });
  createGatewayMetrics(metrics);
  const names = new Map<string, readonly string[]>();
  for (const metric of metrics.registry.getMetricsAsArray()) {
    const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
    if (type === "histogram") {
      names.set(`${name}_bucket`, [...labelNames, "le"]);
      for (const suffix of ["sum", "count"]) names.set(`${name}_${suffix}`, labelNames);
    } else names.set(name, labelNames);
  }
  for (const { record } of readRules()) if (record) names.set(record, record.split(":")[0]!.split("_"));
  return names;
}

const known = readExports();

/** What is wrong with a query: syntax, names that nobody exports, labels that its series lack. */
function faultsOf({ place, expr }: Query): string[] {
  const { selectors, grouping } = readQuery(expr);
  const labels = new Set(selectors.flatMap(({ name }) => [...(known.get(name) ?? []), ...EVERYWHERE]));
  return [
    ...selectors.filter(({ name }) => !known.has(name)).map(({ name }) => `${place}: nobody exports ${name}`),
    ...selectors.flatMap((selector) => {
      const own = [...(known.get(selector.name) ?? []), ...EVERYWHERE];
      return selector.labels
        .filter((label) => !own.includes(label))
        .map((label) => `${place}: ${selector.name} has no label ${label}`);
    }),
    ...grouping.filter((label) => !labels.has(label)).map((label) => `${place}: none of its series has label ${label}`),
  ];
}

describe("rules and dashboards", () => {
  it("query only what somebody exports, by labels that it has", () => {
    const rules = readRules().map(({ alert, record, expr }) => ({ place: String(alert ?? record), expr }));
    const queries = [...rules, ...readPanels()];
    expect(queries.length).toBeGreaterThan(50);
    expect(queries.flatMap(faultsOf)).toEqual([]);
  });

  it.each([
    ["moodifier_jobs", "nobody exports moodifier_jobs"],
    ["rate(moodifier_jobs_total_bucket[5m])", "nobody exports moodifier_jobs_total_bucket"],
    ['moodifier_jobs_total{state="failed"}', "moodifier_jobs_total has no label state"],
    ["sum by (tenant) (moodifier_jobs_total)", "none of its series has label tenant"],
  ])("would be refused for %s", (expr, fault) => expect(faultsOf({ place: "p", expr })).toEqual([`p: ${fault}`]));

  it("would be refused for a syntax error", () =>
    expect(() => faultsOf({ place: "p", expr: "sum(rate(moodifier_jobs_total[5m])" })).toThrow(SyntaxError));

  it("annotate with labels that the alert's result can have", () => {
    for (const { alert, expr, annotations = {} } of readRules()) {
      if (!alert) continue;
      const used = [
        ...Object.values(annotations)
          .join(" ")
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label]) => label!);
      const { selectors, grouping } = readQuery(expr);
      const has = [...grouping, ...selectors.flatMap(({ name }) => [...(known.get(name) ?? []), ...EVERYWHERE])];
      expect(
        used.filter((label) => !has.includes(label)),
        alert,
      ).toEqual([]);
    }
  });

  it("show every metric of ours somewhere", () => {
    const queried = new Set(
      [...readRules(), ...readPanels()].flatMap(({ expr }) => readQuery(expr).selectors.map(({ name }) => name)),
    );
    const families = [...known.keys()]
      .filter((name) => /^(moodifier_|rpc_|http_)/.test(name))
      .map((name) => name.replace(/_(bucket|sum|count)$/, ""));
    const unseen = new Set(families.filter((name) => ![...queried].some((query) => query.startsWith(name))));
    expect([...unseen]).toEqual([]);
  });

  it("have a unit test that sees each alert fire", () => {
    const file = path.join(chart, "rules/tests/rules.test.yaml");
    const { tests } = parseYaml(readFileSync(file, "utf8")) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const fired = new Set(
      tests
        .flatMap(({ alert_rule_test = [] }) => alert_rule_test)
        .filter(({ exp_alerts = [] }) => exp_alerts.length > 0)
        .map(({ alertname }) => alertname),
    );
    expect(readRules().flatMap(({ alert }) => (alert !== undefined && !fired.has(alert) ? [alert] : []))).toEqual([]);
  });
});
