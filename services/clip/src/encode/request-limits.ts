import { MoodError } from "@moodifier/service-kit";

/** Texts or pictures in one request at most. */
export const MAX_ITEMS = 64;

/** Throws MoodError INVALID_ARGUMENT, reason ITEMS_COUNT, unless a list has 1..64 entries. */
export function checkCount(name: string, items: readonly unknown[]): void {
  if (items.length >= 1 && items.length <= MAX_ITEMS) return;
  throw new MoodError(
    "INVALID_ARGUMENT",
    "ITEMS_COUNT",
    `${name} must have 1 to ${MAX_ITEMS} entries, got ${items.length}`,
  );
}
