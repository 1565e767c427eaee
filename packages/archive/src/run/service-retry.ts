import type { MoodError, RetryPolicy } from "@moodifier/service-kit";

/**
 * How often the archive asks a model service again. Its questions change nothing on the other side, so a call that broke off in the middle (a restarted
 * replica, a busy machine's missed keepalive) is asked anew, and a full queue is waited for.
 */
export const SERVICE_RETRY: Partial<RetryPolicy> = { attempts: 8, baseMs: 500, maxMs: 15_000, decide: mayHeal };

function mayHeal({ code }: MoodError): boolean {
  return code === "UNAVAILABLE" || code === "RESOURCE_EXHAUSTED";
}
