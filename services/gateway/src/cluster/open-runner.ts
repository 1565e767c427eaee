import { readFileSync } from "node:fs";
import { KubeConfig, loadYaml, type V1PodTemplateSpec } from "@kubernetes/client-node";
import type { Logger } from "@moodifier/service-kit";
import { z } from "zod";
import { KubernetesRunner } from "./kubernetes-runner.ts";
import { LocalRunner } from "./local-runner.ts";
import type { ShardRunner } from "./shard-runner.ts";

const count = z.coerce.number().int();

/** Settings of a shard runner. Environment names: `shardRunner` is MOODIFIER_SHARD_RUNNER and so on. */
export const shardSettings = {
  /** Where shards run: as processes of this machine, or as Indexed Jobs of the cluster. */
  shardRunner: z.enum(["local", "kubernetes"]).default("local"),
  /** local: program and first arguments of the worker, separated by blanks. */
  shardCommand: z.string().min(1).optional(),
  /** kubernetes: YAML file with the pod template of the workers; its first container gets the arguments. */
  jobTemplate: z.string().min(1).optional(),
  /** kubernetes: namespace of the Jobs. */
  jobNamespace: z.string().min(1).default("default"),
  /** kubernetes: tells the Jobs of several runners in one namespace apart. */
  jobRunner: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    .default("moodifier"),
  /** kubernetes: Kueue's queue; Jobs start suspended and wait for its admission. */
  jobQueue: z.string().min(1).optional(),
  /** kubernetes: the work is given up after so many seconds. */
  jobDeadlineSeconds: count.min(1).max(31_536_000).optional(),
  /** kubernetes: the work is given up once more shards have failed. */
  jobMaxFailed: count.min(0).max(10_000).optional(),
  /** kubernetes: seconds after which the cluster removes a finished Job that nobody removed. */
  jobKeepSeconds: count.min(0).max(31_536_000).default(86_400),
  /** Further tries of a failed shard, 0..10. */
  shardRetries: count.min(0).max(10).default(2),
};

export type ShardSettings = z.output<z.ZodObject<typeof shardSettings>>;

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
