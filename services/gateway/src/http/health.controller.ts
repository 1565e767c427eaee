import { Controller, Get, Inject, Res } from "@nestjs/common";
import type { Response } from "express";
import { type Backends, checkBackends } from "../backends/backends.ts";
import { BACKENDS } from "../tokens.ts";
import { Public } from "../tenants/needs.ts";

/** How long a backend may take to accept a connection, in milliseconds. */
const readyTimeoutMs = 1000;

/** `/healthz` and `/readyz`. */
@Public()
@Controller()
export class HealthController {
  readonly #backends: Backends;

  constructor(@Inject(BACKENDS) backends: Backends) {
    this.#backends = backends;
  }

  /** The process answers. */
  @Get("healthz")
  alive() {
    return { status: "ok" };
  }

  /** 200 when every model service can be reached, else 503 and which cannot. */
  @Get("readyz")
  async ready(@Res() response: Response): Promise<void> {
    const backends = await checkBackends(this.#backends, readyTimeoutMs);
    const down = backends.filter(({ ready }) => !ready).map(({ service }) => service);
    response.setHeader("Cache-Control", "no-store");
    response
      .status(down.length === 0 ? 200 : 503)
      .json({ status: down.length === 0 ? "ready" : "unavailable", down, backends });
  }
}
