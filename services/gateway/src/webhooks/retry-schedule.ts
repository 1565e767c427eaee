const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Pauses before each further attempt in milliseconds, as Standard Webhooks proposes: over three days, in which somebody will have looked. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** Longest pause that a receiver may ask for. */
const maxRetryAfterMs = 24 * hour;
/** Share by which a pause is lengthened at random, so that a receiver that comes back isn't hit by all at once. */
const jitter = 0.25;

/**
 * The pause after attempt number `tries` (from 1), in milliseconds; undefined when there is none left. `retryAfter` is the receiver's header: seconds or a date;
 * it lengthens a pause but never shortens it. `random` is 0..1.
 */
export function delayAfter(
  tries: number,
  delaysMs: readonly number[],
  {
    retryAfter,
    random = Math.random(),
    now = Date.now(),
  }: { retryAfter?: string | undefined; random?: number; now?: number } = {},
): number | undefined {
  const base = delaysMs[tries - 1];
  if (base === undefined) return undefined;
  const asked = readRetryAfter(retryAfter, now);
  return Math.round(Math.max(base, Math.min(asked, maxRetryAfterMs)) * (1 + jitter * random));
}

function readRetryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text) * second;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
