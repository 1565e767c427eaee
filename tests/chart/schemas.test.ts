import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import { ScaledObject, TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import {
  PodMonitor,
  PrometheusRule,
  ServiceMonitor,
} from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { describe, expect, it } from "vitest";
import { kubeTools } from "../../scripts/kube-tools.mjs";
import { chartPath, everything, type Manifest, render, renderText, root, type Values } from "./chart.ts";

interface CustomKind {
  /** Checks values, enumerations and required fields, but lets unknown fields pass. */
  readonly Model: new (data: Manifest) => { validate(): void };
  /** Module of the type whose excess property check refuses unknown fields. */
  readonly module: string;
}

const keda = "@kubernetes-models/keda/keda.sh/v1alpha1";
const monitoring = "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
const customKinds: Record<string, CustomKind> = {
  HTTPRoute: { Model: HTTPRoute, module: "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1" },
  PodMonitor: { Model: PodMonitor, module: monitoring },
  PrometheusRule: { Model: PrometheusRule, module: monitoring },
  ScaledObject: { Model: ScaledObject, module: keda },
  ServiceMonitor: { Model: ServiceMonitor, module: monitoring },
  TriggerAuthentication: { Model: TriggerAuthentication, module: keda },
};

/** The findings of the compiler about custom resources as literals of the types made from their CRDs; empty when it has none. */
function findUnknownFields(manifests: readonly Manifest[]): string {
  const folder = path.join(root, ".cache/chart");
  const file = path.join(folder, "custom-resources.ts");
  const literals = manifests.map(
    (manifest, index) =>
      `import type { I${manifest.kind} as T${index} } from "${customKinds[manifest.kind]!.module}";\nexport const c${index}: T${index} = ${JSON.stringify(manifest, null, 1)};\n`,
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, literals.join(""));
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--ignoreConfig",
  ];
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, ...options, file], { cwd: root, encoding: "utf8" }).stdout;
}

function kubeconform(text: string) {
  const location = path.join(kubeTools("schemas"), "{{ .ResourceKind }}{{ .KindSuffix }}.json");
  const skip = Object.keys(customKinds).join(",");
  const args = ["-strict", "-summary", "-output", "json", "-skip", skip, "-schema-location", location];
  const done = spawnSync(path.join(kubeTools("kubeconform"), "kubeconform"), args, { input: text, encoding: "utf8" });
  return JSON.parse(done.stdout) as {
    summary: { valid: number; invalid: number; errors: number };
    resources?: unknown;
  };
}

const digests = Object.fromEntries(
  ["gateway", "mllm", "clip", "diffusion"].map((name) => [name, { image: { digest: `sha256:${"c".repeat(64)}` } }]),
);
const variants: [string, Values][] = [
  ["defaults", {}],
  ["everything", everything],
  ["pvc", { models: { source: "pvc", pvc: { claimName: "weights" } } }],
  [
    "digests",
    { images: { requireDigest: true }, models: { image: { digest: `sha256:${"d".repeat(64)}` } }, services: digests },
  ],
];

describe("kubeconform -strict", () => {
  it.each(variants)("accepts every built-in object (%s)", (_name, values) => {
    const { summary, resources } = kubeconform(renderText(values));
    expect(resources ?? []).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0 });
    expect(summary.valid).toBeGreaterThan(15);
  });

  it("would refuse a field that doesn't exist", () => {
    const text = renderText().replace("enableServiceLinks:", "enableServiceLink:");
    expect(kubeconform(text).summary.invalid).toBeGreaterThan(0);
  });
});

describe("the schemas of the custom resources", () => {
  const custom = (values: Values) => render(values).filter(({ kind }: Manifest) => kind in customKinds);

  it.each(variants)("accept every object (%s)", (_name, values) => {
    const manifests = custom(values);
    for (const manifest of manifests) new customKinds[manifest.kind]!.Model(manifest).validate();
    expect(findUnknownFields(manifests)).toBe("");
  });

  it("are all exercised", () => {
    const kinds = new Set(custom(everything).map(({ kind }: Manifest) => kind));
    const expected = Object.keys(customKinds).filter(
      (kind) => kind !== "PrometheusRule" || existsSync(path.join(chartPath, "rules")),
    );
    expect([...kinds].sort()).toEqual(expected.sort());
  });

  it("would refuse an unknown field and a wrong value of each", () => {
    const manifests = custom(everything);
    for (const manifest of manifests) manifest.spec.nonsense = true;
    const findings = findUnknownFields(manifests);
    expect(findings.match(/nonsense/g)).toHaveLength(manifests.length);
    for (const { kind, ...rest } of manifests) {
      const { Model } = customKinds[kind]!;
      expect(() => new Model({ kind, ...rest, spec: 1 }).validate(), kind).toThrow(/spec/);
    }
  });
});
