import { Controller, Get, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import type { GatewayConfig } from "../config.ts";
import { clientGone } from "../http/client-gone.ts";
import { sendEvents } from "../http/event-stream.ts";
import { parsePrefer } from "../http/prefer.ts";
import { readBody } from "../http/request-body.ts";
import { sendProblem } from "../http/send-problem.ts";
import { baseUrl } from "../http/urls.ts";
import { isFinal, type Job } from "../jobs/job.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { JobStore } from "../jobs/job-store.ts";
import { CONFIG, JOB_RUNNER, JOB_STORE } from "../tokens.ts";
import { eventsOf, readLastEventId } from "./edit-events.ts";
import { editFiles, readEditRequest } from "./edit-request.ts";
import { editPath, viewJob } from "./job-view.ts";

/** `/v1/edits`. Node's own types describe requests and answers, because waiting, streaming and uploads need both. */
@Controller("v1/edits")
export class EditsController {
  readonly #config: GatewayConfig;
  readonly #runner: JobRunner;
  readonly #store: JobStore;

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(JOB_RUNNER) runner: JobRunner,
    @Inject(JOB_STORE) store: JobStore,
  ) {
    this.#config = config;
    this.#runner = runner;
    this.#store = store;
  }

  /** Starts an edit. A client that leaves while it waits under `Prefer: wait` cancels its edit. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const gone = clientGone(response);
    const preference = parsePrefer(request.headers.prefer);
    const input = await readEditRequest(await readBody(request, editFiles), gone);
    if (gone.aborted) return;
    const job = await this.#runner.submit(input);
    response.setHeader("Location", editPath(job.id));
    if (preference.applied !== undefined) response.setHeader("Preference-Applied", preference.applied);
    if (preference.waitSeconds === 0) {
      this.#send(request, response, 202, job);
      return;
    }
    const patience = AbortSignal.timeout(preference.waitSeconds * 1000);
    const ended = (await this.#runner.wait(job.id, AbortSignal.any([gone, patience]))) ?? job;
    if (gone.aborted) await this.#runner.cancel(job.id);
    else if (!isFinal(ended.status)) this.#send(request, response, 202, ended);
    else if (ended.problem) sendProblem(response, { ...ended.problem, instance: editPath(job.id) });
    else this.#send(request, response, 201, ended);
  }

  /** The job object. */
  @Get(":id")
  async read(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    this.#send(request, response, 200, await this.#find(id));
  }

  /** The edited picture. */
  @Get(":id/result")
  async result(@Param("id") id: string, @Res() response: Response): Promise<void> {
    const job = await this.#find(id);
    const result = await this.#store.result(id);
    if (!result) throw notReady(job);
    response.setHeader("Cache-Control", "private, max-age=3600, immutable");
    response.status(200).type(result.mediaType).send(result.data);
  }

  /** The job's history and future as server-sent events, after `Last-Event-ID`. */
  @Get(":id/events")
  async events(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const job = await this.#find(id);
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
    await this.#runner.cancel(id);
    this.#send(request, response, 200, await this.#find(id));
  }

  #send(request: Request, response: Response, status: number, job: Job): void {
    response.setHeader("Cache-Control", "no-store");
    response.status(status).json(viewJob(job, baseUrl(request, this.#config.publicUrl)));
  }

  async #find(id: string): Promise<Job> {
    const job = await this.#store.get(id);
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
