import { Controller, Inject, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import type { z } from "zod";
import type { GatewayConfig } from "../config.ts";
import type { EditStarter } from "../edits/edit-starter.ts";
import { editPath } from "../edits/job-view.ts";
import { loadPicture } from "../edits/stored-pictures.ts";
import { clientGone } from "../http/client-gone.ts";
import { type Problem, retryAfterOf, toProblem } from "../http/problem.ts";
import { readBody } from "../http/request-body.ts";
import { baseUrl } from "../http/urls.ts";
import type { Job } from "../jobs/job.ts";
import type { JobStore } from "../jobs/job-store.ts";
import { waitForJob } from "../jobs/wait-for-job.ts";
import type { Storage } from "../storage/storage.ts";
import { identityOf } from "../tenants/identity.ts";
import { CONFIG, EDIT_STARTER, JOB_STORE, STORAGE } from "../tokens.ts";
import type { imagesResponseSchema, openAiErrorSchema } from "./image-edit-fields.ts";
import { imageEditFiles, type ImageEditRequest, readImageEdit } from "./image-edit-request.ts";

type ImagesResponse = z.infer<typeof imagesResponseSchema>;

/** `/v1/images/edits`: what OpenAI's clients call. The same edits as `/v1/edits`, waited for. */
@Controller("v1/images/edits")
export class ImagesController {
  readonly #config: GatewayConfig;
  readonly #starter: EditStarter;
  readonly #store: JobStore;
  readonly #storage: Storage;

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(EDIT_STARTER) starter: EditStarter,
    @Inject(JOB_STORE) store: JobStore,
    @Inject(STORAGE) storage: Storage,
  ) {
    this.#config = config;
    this.#starter = starter;
    this.#store = store;
    this.#storage = storage;
  }

  /** Edits a picture and answers when it is done. A client that leaves cancels its edits, unless it can find them again by its Idempotency-Key. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const signal = clientGone(response);
    try {
      const asked = await readImageEdit(await readBody(request, imageEditFiles), signal);
      const jobs = await this.#run(asked, { request, response, signal });
      if (signal.aborted) return;
      const base = baseUrl(request, this.#config.publicUrl);
      response.setHeader("Cache-Control", "no-store");
      response.status(200).json(await this.#answer(asked, jobs, base));
    } catch (error) {
      sendOpenAiError(response, toProblem(error));
    }
  }

  async #run(
    asked: ImageEditRequest,
    { request, response, signal }: { request: Request; response: Response; signal: AbortSignal },
  ): Promise<Job[]> {
    const { tenantId } = identityOf(request);
    const jobs: Job[] = [];
    try {
      for (const [part, edit] of asked.edits.entries()) {
        jobs.push((await this.#starter.start(edit, { tenantId, request, response, signal, part })).job);
      }
      const ended = await Promise.all(jobs.map((job) => waitForJob(this.#store, job, signal)));
      const failed = ended.find(({ status }) => status !== "succeeded");
      if (failed && !signal.aborted) throw failure(failed);
      return ended;
    } finally {
      // Those that have ended stay as they are: this stops the rest of a request that failed or was left, unless its Idempotency-Key can find them again.
      const findable = request.headers["idempotency-key"] !== undefined;
      if (!findable) for (const { id } of jobs) await this.#store.end(id, "cancelled");
    }
  }

  async #answer({ answer, format }: ImageEditRequest, jobs: readonly Job[], base: string): Promise<ImagesResponse> {
    const data = await Promise.all(
      jobs.map(async ({ id, result }) => {
        if (answer === "url") return { url: `${base}${editPath(id)}/result` };
        if (!result) throw new MoodError("INTERNAL", "RESULT_MISSING", "an edit succeeded without a picture");
        return { b64_json: (await loadPicture(this.#storage, result)).data.toString("base64") };
      }),
    );
    return { created: Math.floor(Date.now() / 1000), data, output_format: format };
  }
}

/** The problem with which an edit ended, as an error again. */
function failure({ status, problem }: Job): MoodError {
  if (!problem) return new MoodError("ABORTED", "EDIT_ENDED", `The edit ended as ${status}.`);
  const { argument, expected, got } = problem;
  const facts = { argument, expected, got };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return new MoodError(problem.code as MoodError["code"], problem.reason, problem.detail, {
    details: { ...problem.details, ...known },
  });
}

function sendOpenAiError(response: Response, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  const retryAfter = retryAfterOf(problem);
  if (retryAfter !== undefined) response.setHeader("Retry-After", String(retryAfter));
  const { status, detail, reason, argument } = problem;
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error";
  const error = { message: detail, type, param: argument ?? null, code: reason };
  response.status(status).json({ error } satisfies z.infer<typeof openAiErrorSchema>);
}
