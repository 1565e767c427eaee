import { Controller, Inject, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import type { Backends } from "../backends/backends.ts";
import { clientGone } from "../http/client-gone.ts";
import { readBody } from "../http/request-body.ts";
import { BACKENDS } from "../tokens.ts";
import { makePlan } from "./make-plan.ts";

/** `/v1/plans`. */
@Controller("v1/plans")
export class PlansController {
  readonly #backends: Backends;

  constructor(@Inject(BACKENDS) backends: Backends) {
    this.#backends = backends;
  }

  /** Plans an edit without making it. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const gone = clientGone(response);
    const body = await readBody(request, ["image", "mask"]);
    const answer = await makePlan(this.#backends, body, gone);
    response.setHeader("Cache-Control", "no-store");
    response.status(200).json(answer);
  }
}
