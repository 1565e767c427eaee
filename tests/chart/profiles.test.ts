import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { chartPath, containerOf, countKinds, external, render } from "./chart.ts";

describe("the profiles", () => {
  const digest = (letter: string) => ({ image: { digest: `sha256:${letter.repeat(64)}` } });
  const digests = Object.fromEntries(
    ["gateway", "worker", "mllm", "clip", "diffusion"].map((name) => [name, digest("c")]),
  );

  it.each(["cpu", "gpu"])("%s renders with the digests of its images, and not without", (name) => {
    const profile = parse(readFileSync(path.join(chartPath, `profiles/${name}.yaml`), "utf8"));
    const services = Object.fromEntries(
      Object.entries(digests).map(([service, image]) => [service, { ...profile.services[service], ...image }]),
    );
    const models = { ...digest("d"), ...profile.models };
    const manifests = render({ ...external, ...profile, models, services });
    expect(countKinds(manifests)["Deployment"]).toBe(4);
    expect(containerOf(manifests, "diffusion").image).toContain("@sha256:");
    expect(() => render({ ...external, ...profile })).toThrow("digest is needed");
  });
});
