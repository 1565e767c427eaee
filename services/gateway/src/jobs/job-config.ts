import { z } from "zod";
import type { RatePolicy } from "../http/rate-limits.ts";
import type { TenantLimits } from "./fair-share.ts";

const backlog = z.coerce.number().int().min(1).max(1_000_000);
const tenantConcurrency = z.coerce.number().int().min(1).max(256);
const perMinute = z.coerce.number().min(0).max(1e9);

/** What a tenant may use where it differs from every other's. */
const tenantSchema = z.strictObject({
  weight: z.number().gt(0).max(1000).optional(),
  concurrency: tenantConcurrency.optional(),
  backlog: backlog.optional(),
  requestsPerMinute: perMinute.optional(),
  megapixelStepsPerMinute: perMinute.optional(),
});

const tenantsSchema = z.record(z.string(), tenantSchema);

const parseJson = (text: string, context: z.RefinementCtx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected JSON" });
    return z.NEVER;
  }
};

/** Settings of jobs; spread into the gateway's schema. */
export const jobSettings = {
  /** all: requests and jobs; api: requests only; worker: jobs only, with /healthz and /readyz. */
  role: z.enum(["all", "api", "worker"]).default("all"),
  /** Edits that run at the same time, 1..256. */
  concurrency: z.coerce.number().int().min(1).max(256).default(2),
  /** Of these, slots that only the lane "interactive" gets; unset: one, when there are two or more. */
  interactiveSlots: z.coerce.number().int().min(0).max(256).optional(),
  /** Interactive edits that may wait, 1..1,000,000; a further one is refused. */
  maxQueue: backlog.default(64),
  /** Edits of the lane "batch" that may wait, 1..1,000,000. */
  maxBatchQueue: backlog.default(100_000),
  /** Longest time from the creation of an edit to its end, in milliseconds. */
  editTimeoutMs: z.coerce.number().int().min(100).max(86_400_000).default(300_000),
  /** The same for the lane "batch", whose edits wait longer. */
  batchTimeoutMs: z.coerce.number().int().min(1000).max(604_800_000).default(86_400_000),
  /** How long a finished edit stays readable, in milliseconds. */
  retentionMs: z.coerce.number().int().min(1000).max(2_592_000_000).default(3_600_000),
  /** Seconds without a heartbeat after which a worker counts as dead, 10..600. */
  leaseSeconds: z.coerce.number().int().min(10).max(600).default(30),
  /** Attempts that may fail before an edit fails, the first included. */
  maxAttempts: z.coerce.number().int().min(1).max(20).default(3),
  /** Pause after the first failed attempt, in milliseconds; doubles with each. */
  retryMs: z.coerce.number().int().min(1).max(600_000).default(500),
  /** Times that an edit's worker may die before the edit fails. */
  maxLosses: z.coerce.number().int().min(0).max(20).default(2),
  /** Edits of one tenant in one lane that run at the same time, 1..256. */
  tenantConcurrency: tenantConcurrency.default(256),
  /** Edits of one tenant in one lane that may wait. */
  tenantBacklog: backlog.default(100_000),
  /** Requests of one tenant in a minute that make something; 0 is without limit. */
  requestsPerMinute: perMinute.default(0),
  /** Megapixels times steps that one tenant may ask for in a minute; 0 is without limit. */
  megapixelStepsPerMinute: perMinute.default(0),
  /** JSON object: tenant to `{weight, concurrency, backlog, requestsPerMinute, megapixelStepsPerMinute}`, each optional. A tenant of weight 2 gets twice the share of one of weight 1. */
  tenants: z.union([tenantsSchema, z.string().transform(parseJson).pipe(tenantsSchema)]).default({}),
  /** Most bytes of plans and text embeddings that are kept for equal edits; 0 keeps none. */
  cacheBytes: z.coerce.number().int().min(0).max(1e10).default(134_217_728),
  /** How long they serve, in milliseconds: an exchanged model is noticed at the latest then. */
  cacheMs: z.coerce.number().int().min(0).max(86_400_000).default(600_000),
};

const schema = z.object(jobSettings);
export type JobSettings = z.output<typeof schema>;

/** The limits of a tenant. */
export function limitsOf(settings: JobSettings, tenantId: string): TenantLimits {
  const own = settings.tenants[tenantId];
  return {
    weight: own?.weight ?? 1,
    concurrency: own?.concurrency ?? settings.tenantConcurrency,
    backlog: own?.backlog ?? settings.tenantBacklog,
  };
}

/** What a tenant may ask for in a minute. */
export function ratesOf(settings: JobSettings, tenantId: string): RatePolicy {
  const own = settings.tenants[tenantId];
  return {
    requests: own?.requestsPerMinute ?? settings.requestsPerMinute,
    megapixelSteps: own?.megapixelStepsPerMinute ?? settings.megapixelStepsPerMinute,
  };
}
