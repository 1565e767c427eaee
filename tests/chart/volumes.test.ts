import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { external, find, type Manifest, podOf, render, renderText, type Values } from "./chart.ts";

const modelServices = ["mllm", "clip", "diffusion"] as const;

describe("the source of the models", () => {
  const volumes = (models: Values) => {
    const manifests = render({ models });
    expect(podOf(manifests, "gateway").volumes.map(({ name }: Manifest) => name)).not.toContain("models");
    return modelServices.map((name) => podOf(manifests, name));
  };

  it("image: a volume pinned by digest", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    for (const pod of volumes({ family: "sd15", image: { digest } })) {
      expect(pod.volumes).toContainEqual({
        name: "models",
        image: { reference: `moodifier/models@${digest}`, pullPolicy: "IfNotPresent" },
      });
      expect(pod.initContainers).toBeUndefined();
      expect(pod.containers[0].volumeMounts).toContainEqual({ name: "models", mountPath: "/models", readOnly: true });
      expect(pod.containers[0].env).toContainEqual({ name: "MOODIFIER_MODEL_DIR", value: "/models/sd15" });
    }
  });

  it("pvc: a claim, read-only", () => {
    for (const pod of volumes({ source: "pvc", pvc: { claimName: "weights", subPath: "families" } })) {
      expect(pod.volumes).toContainEqual({
        name: "models",
        persistentVolumeClaim: { claimName: "weights", readOnly: true },
      });
      expect(pod.containers[0].volumeMounts).toContainEqual({
        name: "models",
        mountPath: "/models",
        readOnly: true,
        subPath: "families",
      });
    }
    expect(() => render({ models: { source: "pvc" } })).toThrow("models.pvc.claimName is needed");
  });

  it("init: a container that checks the SHA-256", () => {
    const manifestSha256 = "b".repeat(64);
    for (const pod of volumes({ source: "init", init: { url: "https://models.example.com", manifestSha256 } })) {
      expect(pod.volumes).toContainEqual({ name: "models", emptyDir: { sizeLimit: "2Gi" } });
      const [init] = pod.initContainers;
      expect(init.env).toContainEqual({ name: "MANIFEST_SHA256", value: manifestSha256 });
      expect(init.securityContext).toEqual(pod.containers[0].securityContext);
      expect(init.resources.requests).toEqual(init.resources.limits);
    }
    expect(() => render({ models: { source: "init", init: { url: "https://x" } } })).toThrow("manifestSha256");
  });
});

describe("the key that signs results", () => {
  const signing = { existingSecret: "c2pa", certificatesKey: "chain.pem" };
  const volume = {
    name: "signing",
    secret: {
      secretName: "c2pa",
      defaultMode: 0o440,
      items: [
        { key: "chain.pem", path: "certificates.pem" },
        { key: "tls.key", path: "key.pem" },
      ],
    },
  };
  const check = (spec: Manifest) => {
    const [{ env, volumeMounts }] = spec.containers;
    expect(spec.volumes).toContainEqual(volume);
    expect(volumeMounts).toContainEqual({ name: "signing", mountPath: "/etc/moodifier-signing", readOnly: true });
    expect(env).toContainEqual({
      name: "MOODIFIER_C2PA_CERTIFICATES",
      value: "/etc/moodifier-signing/certificates.pem",
    });
    expect(env).toContainEqual({ name: "MOODIFIER_C2PA_KEY", value: "/etc/moodifier-signing/key.pem" });
  };

  it("is a file of the gateway, and of nobody else", () => {
    expect(renderText()).not.toMatch(/signing|C2PA/);
    const manifests = render({ signing });
    check(podOf(manifests, "gateway"));
    for (const name of modelServices) expect(JSON.stringify(podOf(manifests, name))).not.toMatch(/signing|C2PA/);
  });

  it("leaves a gateway that only answers, for its workers and the pods of batches", () => {
    const manifests = render({
      ...external,
      signing,
      clusterJobs: { enabled: true },
      services: { worker: { enabled: true } },
    });
    expect(JSON.stringify(podOf(manifests, "gateway"))).not.toMatch(/signing|C2PA/);
    check(podOf(manifests, "worker"));
    check(parse(find(manifests, "ConfigMap", "job").data["job.yaml"]).spec);
  });
});

describe("further volumes", () => {
  it("are mounted where they are named", () => {
    const volumes = [{ name: "safety", persistentVolumeClaim: { claimName: "safety", readOnly: true } }];
    const volumeMounts = [{ name: "safety", mountPath: "/safety", readOnly: true }];
    const env = { MOODIFIER_SAFETY_INPUT: "block", MOODIFIER_SAFETY_MODEL: "/safety/open_nsfw.onnx" };
    const manifests = render({
      ...external,
      clusterJobs: { enabled: true },
      services: { gateway: { volumes, volumeMounts, env }, worker: { volumes, volumeMounts, env } },
    });
    for (const spec of [
      podOf(manifests, "gateway"),
      parse(find(manifests, "ConfigMap", "job").data["job.yaml"]).spec,
    ]) {
      expect(spec.volumes).toContainEqual(volumes[0]);
      expect(spec.containers[0].volumeMounts).toContainEqual(volumeMounts[0]);
    }
    expect(JSON.stringify(podOf(manifests, "clip"))).not.toContain("safety");
  });
});
