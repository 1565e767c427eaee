import { isFinal, type Job } from "./job.ts";
import type { JobStore } from "./job-store.ts";

/** Resolves when the job has ended or `signal` aborts, with the job as it is then. */
export async function waitForJob(store: JobStore, job: Job, signal: AbortSignal): Promise<Job> {
  if (isFinal(job.status)) return job;
  await store.ended(job.id, signal);
  return (await store.get(job.tenantId, job.id)) ?? job;
}
