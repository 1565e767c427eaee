import { createHash } from "node:crypto";
import type { V1Container, V1Job, V1PodTemplateSpec } from "@kubernetes/client-node";
import { activeTrace, MoodError, traceparentOf } from "@moodifier/service-kit";
import { HOPELESS_EXIT_CODE, SHARD, type ShardedWork } from "./shard-runner.ts";

/** Label of every Job of a runner; the value is the runner's name. */
export const RUNNER_LABEL = "moodifier.dev/runner";

const WORK_ANNOTATION = "moodifier.dev/work";
const DIGEST_ANNOTATION = "moodifier.dev/work-digest";
const INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index";

/** How a runner's Jobs look. */
export interface JobOptions {
  /** Tells the Jobs of several runners in one namespace apart; a label value. */
  readonly runner: string;
  readonly namespace: string;
  /** Pod template; its first container is the worker and gets the arguments. */
  readonly template: V1PodTemplateSpec;
  /** Further tries of a failed shard. */
  readonly retries: number;
  /** The work is given up when more shards have failed; none unless set. */
  readonly maxFailed?: number | undefined;
  /** The work is given up after so long; never unless set. */
  readonly deadlineSeconds?: number | undefined;
  /** Kueue's queue: the Job is made suspended and starts when Kueue admits it. */
  readonly queue?: string | undefined;
  /** When the cluster removes a Job that nobody has removed. */
  readonly keepSeconds: number;
}

/** The Indexed Job of a work. The same work always has the same name. */
export function buildJob(work: ShardedWork, options: JobOptions): V1Job {
  const { runner, namespace, template, retries, queue } = options;
  const labels = {
    "app.kubernetes.io/managed-by": "moodifier",
    [RUNNER_LABEL]: runner,
    ...(queue !== undefined && { "kueue.x-k8s.io/queue-name": queue }),
  };
  const annotations = { [WORK_ANNOTATION]: work.id, [DIGEST_ANNOTATION]: digestOf(work) };
  const [worker, ...others] = template.spec?.containers ?? [];
  if (!worker || !template.spec) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "TEMPLATE_INVALID",
      "job template: expected a pod with a container, got none",
    );
  }
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(work, runner), namespace, labels, annotations },
    spec: {
      completionMode: "Indexed",
      completions: work.shards,
      parallelism: work.parallelism,
      backoffLimitPerIndex: retries,
      maxFailedIndexes: options.maxFailed ?? work.shards,
      // A shard must never run twice at the same time.
      podReplacementPolicy: "Failed",
      podFailurePolicy: {
        rules: [
          {
            action: "FailIndex",
            onExitCodes: { containerName: worker.name, operator: "In", values: [HOPELESS_EXIT_CODE] },
          },
          // A drained or preempted node is not the shard's fault.
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      suspend: queue !== undefined,
      ttlSecondsAfterFinished: options.keepSeconds,
      ...(options.deadlineSeconds !== undefined && { activeDeadlineSeconds: options.deadlineSeconds }),
      template: {
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [RUNNER_LABEL]: runner } },
        spec: { ...template.spec, restartPolicy: "Never", containers: [fitWorker(worker, work), ...others] },
      },
    },
  };
}

/** Whether `job` is the one of `work`, rather than of another version of it. */
export function isJobOf(job: V1Job, work: ShardedWork): boolean {
  return job.metadata?.annotations?.[DIGEST_ANNOTATION] === digestOf(work);
}

/** A DNS label that is the same for the same work. */
export function jobName({ id }: ShardedWork, runner: string): string {
  const readable = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 30);
  const hash = createHash("sha256").update(`${runner}\n${id}`).digest("hex").slice(0, 10);
  return `moodifier-${readable}-${hash}`.replaceAll(/-+/g, "-");
}

function digestOf({ id, args, shards }: ShardedWork): string {
  return createHash("sha256")
    .update(JSON.stringify([id, args, shards]))
    .digest("hex");
}

/** The kubelet replaces $(JOB_COMPLETION_INDEX) in the arguments; `$$` keeps it from replacing anything else. */
function fitWorker(worker: V1Container, { args, shards }: ShardedWork): V1Container {
  const shard = `$(JOB_COMPLETION_INDEX)/${shards}`;
  const traceparent = traceparentOf(activeTrace());
  return {
    ...worker,
    args: [...(worker.args ?? []), ...args.map((arg) => arg.replaceAll("$(", "$$$(").replaceAll(SHARD, () => shard))],
    env: [
      ...(worker.env ?? []),
      {
        name: "JOB_COMPLETION_INDEX",
        valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${INDEX_ANNOTATION}']` } },
      },
      ...(traceparent === undefined ? [] : [{ name: "TRACEPARENT", value: traceparent }]),
    ],
  };
}
