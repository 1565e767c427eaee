import { setTimeout as sleep } from "node:timers/promises";

/** Keeps requests to one host apart. Requests that come while others wait are served in their order. */
export class HostPace {
  readonly #next = new Map<string, number>();

  /** Waits until the host may be asked again, at least `intervalMs` after the request before. */
  async wait(host: string, intervalMs: number, signal?: AbortSignal): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.#next.get(host) ?? 0);
    this.#next.set(host, at + intervalMs);
    if (at > now) await sleep(at - now, undefined, { signal });
  }

  /** Nobody asks the host before `ms` have passed, because it said so. */
  pause(host: string, ms: number): void {
    this.#next.set(host, Math.max(this.#next.get(host) ?? 0, Date.now() + ms));
  }
}
