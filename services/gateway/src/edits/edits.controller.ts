import { Controller, Get, Inject, Param, Post, Query, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import type { GatewayConfig } from "../config.ts";
import { clientGone } from "../http/client-gone.ts";
import { sendEvents } from "../http/event-stream.ts";
import { parsePrefer } from "../http/prefer.ts";
import { readBody } from "../http/request-body.ts";
import { sendProblem } from "../http/send-problem.ts";
import { sendStored } from "../http/send-stored.ts";
import { baseUrl } from "../http/urls.ts";
import { isFinal, type Job } from "../jobs/job.ts";
import type { JobStore } from "../jobs/job-store.ts";
import { waitForJob } from "../jobs/wait-for-job.ts";
import type { PlanStore } from "../plans/plan-store.ts";
import type { Storage } from "../storage/storage.ts";
import { identityOf } from "../tenants/identity.ts";
import { CONFIG, EDIT_STARTER, JOB_STORE, PLAN_STORE, STORAGE } from "../tokens.ts";
import { eventsOf, readLastEventId } from "./edit-events.ts";
import { readEditFilter, viewEditPage } from "./edit-list.ts";
import { editFiles, readEditRequest } from "./edit-request.ts";
import type { EditStarter } from "./edit-starter.ts";
import { editPath, viewJob } from "./job-view.ts";

/** `/v1/edits`. Node's own types describe requests and answers, because waiting, streaming and uploads need both. */
@Controller("v1/edits")
export class EditsController {
  readonly #config: GatewayConfig;
  readonly #starter: EditStarter;
  readonly #store: JobStore;
  readonly #plans: PlanStore;
  readonly #storage: Storage;

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(EDIT_STARTER) starter: EditStarter,
    @Inject(JOB_STORE) store: JobStore,
    @Inject(PLAN_STORE) plans: PlanStore,
    @Inject(STORAGE) storage: Storage,
  ) {
    this.#config = config;
    this.#starter = starter;
    this.#store = store;
    this.#plans = plans;
    this.#storage = storage;
  }

  /** Starts an edit. A client that leaves while it waits under `Prefer: wait` cancels its edit, unless it can find it again by its Idempotency-Key. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const signal = clientGone(response);
    const { tenantId } = identityOf(request);
    const preference = parsePrefer(request.headers.prefer);
    const body = await readBody(request, editFiles);
    const asked = await readEditRequest(body, { tenantId, plans: this.#plans, signal });
    if (signal.aborted) return;
    const { job, replayed } = await this.#starter.start(asked, { tenantId, request, response, signal });
    response.setHeader("Location", editPath(job.id));
    if (replayed) response.setHeader("Idempotency-Replayed", "true");
    if (preference.applied !== undefined) response.setHeader("Preference-Applied", preference.applied);
    const patience = AbortSignal.timeout(preference.waitSeconds * 1000);
    const ended =
      preference.waitSeconds === 0 ? job : await waitForJob(this.#store, job, AbortSignal.any([signal, patience]));
    const findable = request.headers["idempotency-key"] !== undefined;
    if (signal.aborted && !findable) await this.#store.end(job.id, "cancelled");
    else if (!isFinal(ended.status)) this.#send(request, response, 202, ended);
    else if (ended.problem) sendProblem(response, { ...ended.problem, instance: editPath(job.id) });
    else this.#send(request, response, replayed || ended.status !== "succeeded" ? 200 : 201, ended);
  }

  /** The tenant's edits, newest first. */
  @Get()
  async list(@Query() query: Record<string, unknown>, @Req() request: Request, @Res() response: Response) {
    const page = await this.#store.list(readEditFilter(identityOf(request).tenantId, query));
    const base = baseUrl(request, this.#config.publicUrl);
    const answer = viewEditPage(page, base, query);
    if (answer.next !== undefined) response.setHeader("Link", `<${answer.next}>; rel="next"`);
    response.setHeader("Cache-Control", "no-store");
    response.status(200).json(answer);
  }

  /** The job object. */
  @Get(":id")
  async read(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    this.#send(request, response, 200, await this.#find(request, id));
  }

  /** The edited picture. */
  @Get(":id/result")
  async result(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const job = await this.#find(request, id);
    if (!job.result) throw notReady(job);
    const linkSeconds = this.#config.storageLinkSeconds;
    await sendStored(response, job.result, { storage: this.#storage, linkSeconds });
  }

  /** The job's history and future as server-sent events, after `Last-Event-ID`. */
  @Get(":id/events")
  async events(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const job = await this.#find(request, id);
    const after = readLastEventId(request.headers["last-event-id"]);
    if (isFinal(job.status) && after >= job.sequence) {
      // 204 tells an EventSource that has seen the end not to connect again.
      response.status(204).end();
      return;
    }
    const signal = clientGone(response);
    const events = eventsOf(this.#store.watch(id, after, signal));
    await sendEvents(response, events, { signal, heartbeatMs: this.#config.heartbeatMs });
  }

  /** Ends an edit. Cancelling one that has ended changes nothing and is no error. */
  @Post(":id\\:cancel")
  async cancel(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const job = await this.#find(request, id);
    const cancelled = isFinal(job.status) ? job : await this.#store.end(id, "cancelled");
    this.#send(request, response, 200, cancelled ?? (await this.#find(request, id)));
  }

  #send(request: Request, response: Response, status: number, job: Job): void {
    response.setHeader("Cache-Control", "no-store");
    response.status(status).json(viewJob(job, baseUrl(request, this.#config.publicUrl)));
  }

  async #find(request: Request, id: string): Promise<Job> {
    const job = await this.#store.get(identityOf(request).tenantId, id);
    if (job) return job;
    throw new MoodError(
      "NOT_FOUND",
      "JOB_NOT_FOUND",
      `No edit has the id "${id.slice(0, 64)}"; finished edits are forgotten after a while.`,
    );
  }
}

function notReady(job: Job): MoodError {
  if (!isFinal(job.status)) {
    const text = `The edit is in stage ${job.stage}; its result comes when its status is succeeded.`;
    return new MoodError("FAILED_PRECONDITION", "RESULT_NOT_READY", text, {
      details: { status: job.status, retryAfterSeconds: 1 },
    });
  }
  const text = `The edit ended with status ${job.status} and has no result.`;
  return new MoodError("FAILED_PRECONDITION", "NO_RESULT", text, { details: { status: job.status } });
}
