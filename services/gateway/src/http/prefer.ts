/** How the client wants to wait (RFC 7240). */
export interface Preference {
  /** Seconds for which the client waits for the end of the edit; 0 = answer at once. */
  readonly waitSeconds: number;
  readonly respondAsync: boolean;
  /** Value of Preference-Applied; undefined when no known preference was sent. */
  readonly applied: string | undefined;
}

/** Longest wait in seconds; a longer wish is cut to it. */
export const maxWaitSeconds = 60;

/** Reads a Prefer header. Unknown preferences and malformed waits are ignored, as the RFC demands. */
export function parsePrefer(header: string | string[] | undefined): Preference {
  const items = [header ?? []].flat().flatMap((line) => line.split(","));
  let wait: number | undefined;
  let respondAsync = false;
  for (const item of items) {
    const [name = "", value = ""] = (item.split(";")[0] ?? "").split("=").map((part) => part.trim());
    const bare = value.replace(/^"(.*)"$/, "$1");
    if (name.toLowerCase() === "respond-async") respondAsync = true;
    // The first of several equal preferences counts.
    else if (name.toLowerCase() === "wait" && /^\d{1,9}$/.test(bare)) wait ??= Math.min(Number(bare), maxWaitSeconds);
  }
  const applied = [...(wait === undefined ? [] : [`wait=${wait}`]), ...(respondAsync ? ["respond-async"] : [])];
  return {
    waitSeconds: wait ?? 0,
    respondAsync,
    applied: applied.length > 0 ? applied.join(", ") : undefined,
  };
}
