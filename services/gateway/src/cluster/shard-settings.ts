import { z } from "zod";

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
