import { toMoodError, toProblem as describeError } from "@moodifier/service-kit";
import { z } from "zod";

/** One fault of the request. */
export const faultSchema = z.object({
  pointer: z.string().describe("JSON pointer to the field, for example /intensity."),
  detail: z.string(),
});

/** An error as RFC 9457 problem details. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .describe("Stable URI of the kind of problem: urn:moodifier:problem: and the reason in kebab case."),
    title: z.string().describe("The kind of problem in words."),
    status: z.int().describe("The HTTP status."),
    detail: z.string().describe("What happened, which argument, what was expected, what came."),
    code: z.string().describe("The gRPC status code."),
    reason: z.string().describe("Stable constant, for example MASK_EMPTY."),
    retryable: z.boolean().describe("True when the same request may succeed later."),
    argument: z.string().optional().describe("The argument at fault."),
    expected: z.string().optional(),
    got: z.string().optional(),
    service: z.string().optional().describe("The service that failed: mllm, clip or diffusion."),
    stage: z.string().optional().describe("The stage in which the edit ended."),
    errors: z.array(faultSchema).optional().describe("Every fault of the request, when there are several."),
    details: z.record(z.string(), z.unknown()).optional().describe("Further facts that a program may read."),
    instance: z.string().optional().describe("The resource that the problem is about."),
    request_id: z.string().optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details." });

export type Problem = z.infer<typeof problemSchema>;

/** Reasons that only HTTP knows, with their status. */
const statusOfReason: Readonly<Record<string, number>> = {
  METHOD_NOT_ALLOWED: 405,
  UPLOAD_TIMEOUT: 408,
  PAYLOAD_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  PLAN_CHANGED: 412,
};

const retryableCodes: readonly string[] = ["RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"];

/** Describes any thrown value. What isn't a known error becomes INTERNAL and tells nothing about its inside. */
export function toProblem(error: unknown): Problem {
  const { body } = describeError(toMoodError(error));
  const { argument, expected, got, service, errors, ...details } = body.details ?? {};
  const text = { argument, expected, got, service };
  const named = Object.fromEntries(Object.entries(text).filter(([, value]) => typeof value === "string"));
  return {
    type: body.type,
    title: titleOf(body.reason),
    status: statusOfReason[body.reason] ?? body.status,
    detail: body.detail,
    code: body.code,
    reason: body.reason,
    retryable: retryableCodes.includes(body.code),
    ...named,
    ...(Array.isArray(errors) && { errors: z.array(faultSchema).parse(errors) }),
    ...(Object.keys(details).length > 0 && { details }),
  };
}

/** Seconds after which to try again, when the problem says so. */
export function retryAfterOf(problem: Problem): number | undefined {
  const seconds = problem.details?.["retryAfterSeconds"];
  if (typeof seconds === "number") return Math.ceil(seconds);
  return problem.status === 503 ? 5 : undefined;
}

function titleOf(reason: string): string {
  const words = reason.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
