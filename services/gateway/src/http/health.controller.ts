import { Controller, Get, Inject, Query, Res } from "@nestjs/common";
import type { Response } from "express";
import { type Backends, checkBackends } from "../backends/backends.ts";
import type { Database } from "../database/database.ts";
import { BACKENDS, DATABASE } from "../tokens.ts";
import { Public } from "../tenants/needs.ts";

/** How long a backend may take to accept a connection, in milliseconds. */
const readyTimeoutMs = 1000;

/** `/healthz` and `/readyz`. */
@Public()
@Controller()
export class HealthController {
  readonly #backends: Backends;
  readonly #database: Database;

  constructor(@Inject(BACKENDS) backends: Backends, @Inject(DATABASE) database: Database) {
    this.#backends = backends;
    this.#database = database;
  }

  /** The process answers. */
  @Get("healthz")
  alive() {
    return { status: "ok" };
  }

  /**
   * 200 when the database and every model service answer and serve, else 503 and which does not. With `?only=database` the model services don't count:
   * a gateway can take jobs and show results while they are away, so that is what decides whether it gets requests.
   */
  @Get("readyz")
  async ready(@Res() response: Response, @Query("only") only?: string): Promise<void> {
    const [backends, database] = await Promise.all([
      only === "database" ? [] : checkBackends(this.#backends, readyTimeoutMs),
      this.#database.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    ]);
    const silent: string[] = backends.filter(({ ready }) => !ready).map(({ service }) => service);
    const down = database ? silent : [...silent, "database"];
    response.setHeader("Cache-Control", "no-store");
    response
      .status(down.length === 0 ? 200 : 503)
      .json({ status: down.length === 0 ? "ready" : "unavailable", down, backends });
  }
}
