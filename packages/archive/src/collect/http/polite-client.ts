import { setTimeout as sleep } from "node:timers/promises";
import { type AddressPolicy, MoodError, type OutboundAnswer, sendOutbound } from "@moodifier/service-kit";
import { ArchiveError } from "../../archive-error.ts";
import { HostPace } from "./host-pace.ts";
import { type FetchRobots, RobotsCache } from "./robots.ts";

/** How the client behaves towards others' servers. */
export interface PoliteOptions {
  /** Name and contact that servers see, for example "moodarchive (+https://example.org/bot)". */
  readonly userAgent: string;
  /** Bytes of one picture, at most. */
  readonly maxBytes?: number;
  /** Milliseconds for one request, redirects included. */
  readonly timeoutMs?: number;
  /** Milliseconds between two requests to one host. */
  readonly intervalMs?: number;
  /** Requests for one thing, at most. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubles for each further one. */
  readonly backoffMs?: number;
  /** Longest pause that a server can ask for, milliseconds; a longer one stops the run, which can be resumed later. */
  readonly maxWaitMs?: number;
  /** Refuse the pictures of a site whose robots.txt cannot be read, instead of stopping the run. */
  readonly skipUnreachable?: boolean;
  readonly policy?: AddressPolicy;
}

/** One request. */
export interface PoliteRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds between two requests to this host; the client's own interval unless told. */
  readonly intervalMs?: number;
  /** Ask the site's robots.txt first. */
  readonly robots?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of a JSON answer, at most. */
const MAX_JSON_BYTES = 8 * 2 ** 20;
/** Bytes of a robots.txt, at most. */
const MAX_ROBOTS_BYTES = 512 * 1024;
const MAX_REDIRECTS = 5;

type Settings = Required<Omit<PoliteOptions, "policy">> & Pick<PoliteOptions, "policy">;

/**
 * Fetches from servers that are not ours: one host at a pace, robots.txt respected, `Retry-After` obeyed, sizes capped, private networks unreachable also behind
 * redirects. Addresses in messages never carry a query, since some APIs want their key there.
 */
export class PoliteClient {
  readonly #settings: Settings;
  readonly #pace = new HostPace();
  readonly #robots: RobotsCache;

  constructor(options: PoliteOptions) {
    this.#settings = {
      maxBytes: 20 * 2 ** 20,
      timeoutMs: 60_000,
      intervalMs: 1000,
      attempts: 4,
      backoffMs: 1000,
      maxWaitMs: 900_000,
      skipUnreachable: false,
      ...options,
    };
    const agent = /^[\w-]+/.exec(options.userAgent)?.[0] ?? "moodarchive";
    const fetchRobots: FetchRobots = (url, signal) => this.#get(url, { signal }, MAX_ROBOTS_BYTES);
    this.#robots = new RobotsCache(agent, fetchRobots, this.#settings.skipUnreachable);
  }

  /**
   * A picture. Throws ArchiveError DOWNLOAD_FAILED when this one cannot be had, PROVIDER_FAILED when the host wants to be left alone for longer or its
   * robots.txt cannot be read.
   */
  async getImage(url: string, request: PoliteRequest = {}): Promise<{ bytes: Buffer; mediaType: string }> {
    let { intervalMs } = request;
    if (request.robots === true) {
      if (!URL.canParse(url)) throw failed(url, "expected an http or https URL");
      const rules = await this.#robots.of(url, request.signal);
      if (!rules.allows(url)) throw failed(url, "robots.txt disallows it");
      intervalMs = Math.max(intervalMs ?? this.#settings.intervalMs, rules.delayMs);
    }
    const answer = await this.#get(
      url,
      { ...request, ...(intervalMs !== undefined && { intervalMs }) },
      this.#settings.maxBytes,
    );
    if (answer.status !== 200) throw failed(url, `it answered with status ${answer.status}`);
    const mediaType = mediaTypeOf(answer);
    if (!mediaType.startsWith("image/")) throw failed(url, `expected a picture, got ${mediaType || "no content type"}`);
    if (answer.body.length === 0) throw failed(url, "it sent 0 bytes");
    return { bytes: answer.body, mediaType };
  }

  /** A JSON answer of an API. Throws ArchiveError PROVIDER_FAILED: without it the run cannot go on. */
  async getJson(url: string, request: PoliteRequest = {}): Promise<unknown> {
    let answer: OutboundAnswer;
    try {
      answer = await this.#get(url, request, MAX_JSON_BYTES);
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.reason !== "DOWNLOAD_FAILED") throw error;
      throw new ArchiveError("PROVIDER_FAILED", error.message, { cause: error });
    }
    const broken = (what: string): ArchiveError => new ArchiveError("PROVIDER_FAILED", `${place(url)}: ${what}`);
    if (answer.status === 401 || answer.status === 403) throw broken(`the key was refused (status ${answer.status})`);
    if (answer.status !== 200) throw broken(`it answered with status ${answer.status}`);
    const mediaType = mediaTypeOf(answer);
    if (!/[/+]json$/.test(mediaType)) throw broken(`expected JSON, got ${mediaType || "no content type"}`);
    try {
      return JSON.parse(answer.body.toString("utf8"));
    } catch {
      throw broken("expected JSON, got something that does not parse");
    }
  }

  /** Asks until there is an answer that is worth having or patience ends. */
  async #get(url: string, request: PoliteRequest, maxBytes: number): Promise<OutboundAnswer> {
    const { attempts, backoffMs, maxWaitMs } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      let pauseMs = backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      let why: string;
      try {
        const answer = await this.#send(url, request, maxBytes);
        if (answer.status !== 429 && answer.status < 500) return answer;
        why = `it answered with status ${answer.status}`;
        const asked = retryAfterMs(answer);
        if (asked !== undefined) {
          if (asked > maxWaitMs) throw exhausted(url, asked);
          this.#pace.pause(new URL(url).host, asked);
          pauseMs = 0;
        }
      } catch (error) {
        if (!(error instanceof MoodError) || request.signal?.aborted) throw error;
        if (error.code !== "UNAVAILABLE" && error.code !== "DEADLINE_EXCEEDED") throw failed(url, error.message, error);
        why = error.message;
      }
      if (attempt >= attempts) throw failed(url, `${why}, ${attempts} times`);
      await sleep(pauseMs, undefined, { signal: request.signal });
    }
  }

  async #send(url: string, request: PoliteRequest, maxBytes: number): Promise<OutboundAnswer> {
    const { userAgent, timeoutMs, intervalMs, policy } = this.#settings;
    const parsed = URL.parse(url);
    if (!parsed) throw failed(url, "expected an http or https URL");
    await this.#pace.wait(parsed.host, request.intervalMs ?? intervalMs, request.signal);
    const headers = { "User-Agent": userAgent, ...request.headers };
    const limits = { maxBytes, timeoutMs, maxRedirects: MAX_REDIRECTS, signal: request.signal };
    return sendOutbound({ url, headers }, { ...limits, ...(policy && { policy }) });
  }
}

/** Milliseconds of a Retry-After header, in seconds or as a date. */
function retryAfterMs({ headers }: OutboundAnswer): number | undefined {
  const value = headers["retry-after"];
  if (typeof value !== "string") return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function mediaTypeOf({ headers }: OutboundAnswer): string {
  return (headers["content-type"]?.toString() ?? "").split(";")[0]!.trim().toLowerCase();
}

function failed(url: string, why: string, cause?: unknown): ArchiveError {
  return new ArchiveError("DOWNLOAD_FAILED", `${place(url)}: ${why}`, { cause });
}

function exhausted(url: string, ms: number): ArchiveError {
  const text = `the limit is spent; it asks for a pause of ${Math.round(ms / 1000)} s. Run the command again then, it goes on where it stopped`;
  return new ArchiveError("PROVIDER_FAILED", `${place(url)}: ${text}`);
}

/** A URL without its query. */
function place(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname}` : "URL";
}
