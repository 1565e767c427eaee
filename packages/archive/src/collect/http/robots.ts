import { MoodError, type OutboundAnswer } from "@moodifier/service-kit";
import robotsParser from "robots-parser";
import { ArchiveError } from "../../archive-error.ts";

/** What a site's robots.txt says. */
export interface RobotRules {
  allows(url: string): boolean;
  /** Milliseconds that the site wants between two requests. */
  readonly delayMs: number;
}

const ALLOW_ALL: RobotRules = { allows: () => true, delayMs: 0 };

/** The package is CommonJS whose types claim a default export. */
const parseRobots = robotsParser as unknown as typeof robotsParser.default;

/** Longest pause that a robots.txt can ask for, milliseconds. */
const MAX_DELAY_MS = 60_000;

/** Sends the request for a robots.txt, again where that may help. Throws ArchiveError DOWNLOAD_FAILED when there is no answer below 500 in the end. */
export type FetchRobots = (url: string, signal: AbortSignal | undefined) => Promise<OutboundAnswer>;

/**
 * Reads each site's robots.txt once. As RFC 9309 says: a site without one allows everything, one that cannot be asked allows nothing. The latter may pass, so it is
 * not remembered, and it is no fault of a picture: it stops the run unless such sites are to be skipped.
 */
export class RobotsCache {
  readonly #rules = new Map<string, Promise<RobotRules>>();
  readonly #agent: string;
  readonly #fetch: FetchRobots;
  readonly #skipUnreachable: boolean;

  constructor(agent: string, fetch: FetchRobots, skipUnreachable: boolean) {
    this.#agent = agent;
    this.#fetch = fetch;
    this.#skipUnreachable = skipUnreachable;
  }

  /** The rules of the URL's site. Throws ArchiveError PROVIDER_FAILED when it cannot be asked, DOWNLOAD_FAILED when it is to be skipped then. */
  async of(url: string, signal?: AbortSignal): Promise<RobotRules> {
    const { origin } = new URL(url);
    let rules = this.#rules.get(origin);
    if (rules === undefined) {
      rules = this.#read(`${origin}/robots.txt`, signal);
      this.#rules.set(origin, rules);
    }
    try {
      return await rules;
    } catch (error) {
      // What refuses the site's pictures holds for the whole run: asking again for each of them could take minutes each.
      const refused = error instanceof ArchiveError && error.reason === "DOWNLOAD_FAILED";
      if (!refused && this.#rules.get(origin) === rules) this.#rules.delete(origin);
      throw error;
    }
  }

  async #read(url: string, signal: AbortSignal | undefined): Promise<RobotRules> {
    const answer = await this.#ask(url, signal);
    if (answer.status !== 200) return ALLOW_ALL;
    const parsed = parseRobots(url, answer.body.toString("utf8"));
    const delay = (parsed.getCrawlDelay(this.#agent) ?? 0) * 1000;
    return {
      allows: (page) => parsed.isAllowed(page, this.#agent) !== false,
      delayMs: Math.min(MAX_DELAY_MS, Number.isFinite(delay) ? delay : 0),
    };
  }

  async #ask(url: string, signal: AbortSignal | undefined): Promise<OutboundAnswer> {
    try {
      return await this.#fetch(url, signal);
    } catch (error) {
      if (this.#skipUnreachable || !(error instanceof ArchiveError) || error.reason !== "DOWNLOAD_FAILED") throw error;
      // A private address or an endless chain of redirects does not heal: the site's pictures are refused.
      if (error.cause instanceof MoodError && error.cause.code === "INVALID_ARGUMENT") throw error;
      const text = `${error.message}; without it nothing of this site may be fetched. Run the command again later, or with --skip-unreachable to refuse its pictures`;
      throw new ArchiveError("PROVIDER_FAILED", text, { cause: error });
    }
  }
}
