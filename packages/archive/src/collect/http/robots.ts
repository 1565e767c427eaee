import type { OutboundAnswer } from "@moodifier/service-kit";
import robotsParser from "robots-parser";

/** What a site's robots.txt says. */
export interface RobotRules {
  allows(url: string): boolean;
  /** Milliseconds that the site wants between two requests. */
  readonly delayMs: number;
}

const ALLOW_ALL: RobotRules = { allows: () => true, delayMs: 0 };
const ALLOW_NONE: RobotRules = { allows: () => false, delayMs: 0 };

/** The package is CommonJS whose types claim a default export. */
const parseRobots = robotsParser as unknown as typeof robotsParser.default;

/** Longest pause that a robots.txt can ask for, milliseconds. */
const MAX_DELAY_MS = 60_000;

/** Reads each site's robots.txt once. As RFC 9309 says: a site without one allows everything, one that cannot be asked allows nothing. */
export class RobotsCache {
  readonly #rules = new Map<string, Promise<RobotRules>>();
  readonly #agent: string;
  readonly #fetch: (url: string) => Promise<OutboundAnswer>;

  constructor(agent: string, fetch: (url: string) => Promise<OutboundAnswer>) {
    this.#agent = agent;
    this.#fetch = fetch;
  }

  /** The rules of the URL's site. */
  of(url: string): Promise<RobotRules> {
    const { origin } = new URL(url);
    let rules = this.#rules.get(origin);
    if (rules === undefined) {
      rules = this.#read(`${origin}/robots.txt`);
      this.#rules.set(origin, rules);
    }
    return rules;
  }

  async #read(url: string): Promise<RobotRules> {
    const answer = await this.#fetch(url).catch(() => undefined);
    if (answer === undefined || answer.status >= 500 || answer.status === 429) return ALLOW_NONE;
    if (answer.status !== 200) return ALLOW_ALL;
    const parsed = parseRobots(url, answer.body.toString("utf8"));
    const delay = (parsed.getCrawlDelay(this.#agent) ?? 0) * 1000;
    return {
      allows: (page) => parsed.isAllowed(page, this.#agent) !== false,
      delayMs: Math.min(MAX_DELAY_MS, Number.isFinite(delay) ? delay : 0),
    };
  }
}
