import { readFileSync } from "node:fs";
import { KubeConfig, loadYaml, type V1PodTemplateSpec } from "@kubernetes/client-node";
import type { Logger } from "@moodifier/service-kit";
import { KubernetesRunner } from "./kubernetes-runner.ts";
import { LocalRunner } from "./local-runner.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { ShardSettings } from "./shard-settings.ts";

/** Opens the runner that the settings name. Throws TypeError for a setting that it needs, naming it. */
export function openShardRunner(settings: ShardSettings, logger: Logger): ShardRunner {
  const { shardRetries: retries } = settings;
  if (settings.shardRunner === "local") {
    const [program, ...first] = (settings.shardCommand ?? "").split(" ").filter(Boolean);
    if (program === undefined) throw new TypeError("MOODIFIER_SHARD_COMMAND: required by the runner local");
    return new LocalRunner({ command: [program, ...first], retries, graceMs: 30_000 });
  }
  if (settings.jobTemplate === undefined)
    throw new TypeError("MOODIFIER_JOB_TEMPLATE: required by the runner kubernetes");
  const config = new KubeConfig();
  config.loadFromDefault();
  return new KubernetesRunner({
    config,
    logger,
    retries,
    runner: settings.jobRunner,
    namespace: settings.jobNamespace,
    template: loadYaml<V1PodTemplateSpec>(readFileSync(settings.jobTemplate, "utf8")),
    queue: settings.jobQueue,
    deadlineSeconds: settings.jobDeadlineSeconds,
    maxFailed: settings.jobMaxFailed,
    keepSeconds: settings.jobKeepSeconds,
    patienceMs: 60_000,
    silenceMs: 30_000,
    retryMs: { base: 500, max: 15_000 },
  });
}
