import { Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import type { GatewayConfig } from "../config.ts";
import { checkFields } from "../http/checked-fields.ts";
import { clientGone } from "../http/client-gone.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import { readBody } from "../http/request-body.ts";
import { baseUrl } from "../http/urls.ts";
import type { Storage } from "../storage/storage.ts";
import { identityOf } from "../tenants/identity.ts";
import { CONFIG, PLAN_MAKER, PLAN_STORE, RATE_LIMITS, STORAGE } from "../tokens.ts";
import { planPath, viewPlan, viewPlanState } from "./plan-answer.ts";
import { planChangeSchema } from "./plan-change.ts";
import type { PlanMaker } from "./plan-maker.ts";
import { planListSchema, planViewSchema } from "./plan-queries.ts";
import type { PlanStore, StoredPlan } from "./plan-store.ts";

/** `/v1/plans`. */
@Controller("v1/plans")
export class PlansController {
  readonly #config: GatewayConfig;
  readonly #maker: PlanMaker;
  readonly #store: PlanStore;
  readonly #storage: Storage;
  readonly #rates: RateLimits;

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(PLAN_MAKER) maker: PlanMaker,
    @Inject(PLAN_STORE) store: PlanStore,
    @Inject(STORAGE) storage: Storage,
    @Inject(RATE_LIMITS) rates: RateLimits,
  ) {
    this.#config = config;
    this.#maker = maker;
    this.#store = store;
    this.#storage = storage;
    this.#rates = rates;
  }

  /** Plans an edit without making it. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const signal = clientGone(response);
    const { tenantId } = identityOf(request);
    const charge = () => this.#rates.charge(tenantId, { requests: 1, megapixelSteps: 0 }, response);
    const body = await readBody(request, ["image", "mask"]);
    const key = request.headers["idempotency-key"];
    const { stored, replayed, overlay } = await this.#maker.make(body, { tenantId, key, signal, charge });
    response.setHeader("Location", planPath(stored.id));
    if (replayed) response.setHeader("Idempotency-Replayed", "true");
    await this.#send(request, response, { status: replayed ? 200 : 201, stored, overlay, signal });
  }

  /** The tenant's plans, newest first. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @Req() request: Request, @Res() response: Response) {
    const { limit, cursor } = checkFields(planListSchema, { fields: query, files: {}, textual: true });
    const { items, next } = await this.#store.list(identityOf(request).tenantId, {
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    const base = baseUrl(request, this.#config.publicUrl);
    const plans = items.map((stored) => viewPlanState(stored, base));
    response.setHeader("Cache-Control", "no-store");
    response.status(200).json({ plans, ...(next !== undefined && { next_cursor: next }) });
  }

  @Get(":id")
  async read(
    @Param("id") id: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { overlay } = checkFields(planViewSchema, { fields: query, files: {}, textual: true });
    const stored = await this.#store.read(identityOf(request).tenantId, id);
    await this.#send(request, response, { status: 200, stored, overlay, signal: clientGone(response) });
  }

  /** Changes a draft; `If-Match` with its ETag makes sure that nobody else has. */
  @Patch(":id")
  async change(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const signal = clientGone(response);
    const change = checkFields(planChangeSchema, await readBody(request, []));
    const known = checkMatch(await this.#store.read(identityOf(request).tenantId, id), request.headers["if-match"]);
    const stored = await this.#maker.change(known, change, signal);
    await this.#send(request, response, { status: 200, stored, overlay: false, signal });
  }

  /** Approves a draft; approving an approved plan changes nothing. */
  @Post(":id\\:approve")
  async approve(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const known = checkMatch(await this.#store.read(identityOf(request).tenantId, id), request.headers["if-match"]);
    const stored = known.status === "approved" ? known : await this.#store.change(known, { approve: true });
    await this.#send(request, response, { status: 200, stored, overlay: false, signal: clientGone(response) });
  }

  /** Forgets a plan; edits that follow it and have not been planned yet will fail. */
  @Delete(":id")
  async remove(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#store.remove(identityOf(request).tenantId, id);
    response.status(204).end();
  }

  async #send(
    request: Request,
    response: Response,
    { status, stored, overlay, signal }: { status: number; stored: StoredPlan; overlay: boolean; signal: AbortSignal },
  ): Promise<void> {
    const base = baseUrl(request, this.#config.publicUrl);
    const answer = await viewPlan(stored, { base, overlay, storage: this.#storage, signal });
    response.setHeader("ETag", `"${stored.version}"`);
    response.setHeader("Cache-Control", "no-store");
    response.status(status).json(answer);
  }
}

function checkMatch(stored: StoredPlan, ifMatch: string | undefined): StoredPlan {
  if (ifMatch === undefined || ifMatch === "*" || ifMatch === `"${stored.version}"`) return stored;
  throw new MoodError("FAILED_PRECONDITION", "PLAN_CHANGED", "The plan has changed meanwhile. Read it again.", {
    details: { argument: "If-Match", expected: `"${stored.version}"`, got: ifMatch },
  });
}
