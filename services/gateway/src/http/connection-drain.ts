import { setTimeout as sleep } from "node:timers/promises";
import type { RequestHandler, Response } from "express";

/** Sends clients away from a gateway that is about to stop, without failing one of their requests. */
export interface ConnectionDrain {
  /** Put this before everything else. */
  readonly handler: RequestHandler;
  /**
   * From now on every answer, also of a request that is being worked on, closes its connection, so the client's next request opens one to another
   * replica. Resolves after `ms`: the time that idle connections get to be used once more rather than be closed under the client's hands.
   */
  begin(ms: number): Promise<void>;
  /** Resolves when no request is without the head of its answer, or after `ms`: clients that wait for an edit get it, event streams are not waited for. */
  answered(ms: number): Promise<void>;
}

const lookMs = 50;

/** Makes one. */
export function createConnectionDrain(): ConnectionDrain {
  const open = new Set<Response>();
  let draining = false;
  return {
    handler: (_request, response, next) => {
      if (draining) response.setHeader("Connection", "close");
      open.add(response);
      response.once("close", () => open.delete(response));
      next();
    },
    begin: async (ms) => {
      draining = true;
      for (const response of open) if (!response.headersSent) response.setHeader("Connection", "close");
      await sleep(ms);
    },
    answered: async (ms) => {
      const until = Date.now() + ms;
      while ([...open].some(({ headersSent }) => !headersSent) && Date.now() < until) await sleep(lookMs);
    },
  };
}
