import { Controller, Get, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import { z } from "zod";
import { checkFields } from "../http/checked-fields.ts";
import { clientGone } from "../http/client-gone.ts";
import { sendEvents } from "../http/event-stream.ts";
import { readIdempotencyKey } from "../http/idempotency-key.ts";
import { parsePrefer } from "../http/prefer.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import { quote, refuse } from "../http/refuse.ts";
import { sendStored, sendStream } from "../http/send-stored.ts";
import { readBody } from "../http/request-body.ts";
import { baseUrl } from "../http/urls.ts";
import { readLastEventId } from "../edits/edit-events.ts";
import { identityOf } from "../tenants/identity.ts";
import { Needs } from "../tenants/needs.ts";
import { readPage } from "../tenants/page.ts";
import { readFields } from "../tenants/read-fields.ts";
import { BATCHES, RATE_LIMITS } from "../tokens.ts";
import { type Batch, type RowStatus, rowStatuses } from "./batch.ts";
import type { Batches } from "./batches.ts";
import { batchPath, type BatchView, viewBatch, viewRow } from "./batch-view.ts";
import { asked, readBatch, readOptions } from "./read-batch.ts";
import { resultManifest } from "./result-manifest.ts";

export const retryRequestSchema = z.strictObject({
  statuses: z
    .array(z.enum(["failed", "cancelled"]))
    .min(1)
    .max(2)
    .default(["failed"])
    .describe("Rows to run again."),
});

/** A sequence that no row has: whoever watches from there gets progress only. */
const beyondAllRows = 2 ** 31 - 1;

/** `/v1/batches`. */
@Controller("v1/batches")
export class BatchesController {
  readonly #batches: Batches;
  readonly #rates: RateLimits;

  constructor(@Inject(BATCHES) batches: Batches, @Inject(RATE_LIMITS) rates: RateLimits) {
    this.#batches = batches;
    this.#rates = rates;
  }

  /** Checks a manifest and starts its rows, or with `dry_run` the first of them. */
  @Post()
  @Needs("write")
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const signal = clientGone(response);
    const preference = parsePrefer(request.headers.prefer);
    const { tenantId } = identityOf(request);
    const { sources, plans, store } = this.#batches;
    const body = await readBody(request, ["manifest"]);
    const options = readOptions(body);
    const idempotency = readIdempotencyKey(request.headers["idempotency-key"], asked(options, body));
    const make = async () => {
      await this.#rates.charge(tenantId, { requests: 1, megapixelSteps: 0 }, response);
      const read = await readBatch(body, options, { tenantId, sources, plans, signal });
      await this.#batches.openOutput(options.output.to, tenantId).check();
      return store.create({ ...read, ...(idempotency && { idempotency }) });
    };
    const earlier = idempotency && (await store.findRepeated(tenantId, idempotency));
    const made = earlier ? { batch: earlier, replayed: true } : await make();
    const batch = await this.#wait(made.batch, preference.waitSeconds, signal);
    if (signal.aborted) return;
    response.setHeader("Location", batchPath(batch.id));
    if (preference.applied !== undefined) response.setHeader("Preference-Applied", preference.applied);
    if (made.replayed) response.setHeader("Idempotency-Replayed", "true");
    response.status(batch.status === "running" ? 202 : 201).json(await this.#view(request, batch));
  }

  /** Newest first. */
  @Get()
  @Needs("read")
  async list(@Req() request: Request) {
    const page = readPage(request.query, /^.{1,200}$/);
    const { items, next } = await this.#batches.store.list(identityOf(request).tenantId, page);
    const base = this.#base(request);
    return { batches: items.map((batch) => viewBatch(batch, base)), ...(next !== undefined && { next_cursor: next }) };
  }

  @Get(":id")
  @Needs("read")
  async read(@Param("id") id: string, @Req() request: Request): Promise<BatchView> {
    return this.#view(request, await this.#find(request, id));
  }

  /** The rows in the manifest's order. */
  @Get(":id/rows")
  @Needs("read")
  async rows(@Param("id") id: string, @Req() request: Request) {
    const page = readPage(request.query, /^\d{1,9}$/, ["status"]);
    const statuses = readStatuses(request.query["status"]);
    const { items, next } = await this.#batches.store.rows(await this.#find(request, id), {
      limit: page.limit,
      ...(page.cursor !== undefined && { after: Number(page.cursor) }),
      ...(statuses && { statuses }),
    });
    const base = this.#base(request);
    return { rows: items.map((row) => viewRow(row, base)), ...(next !== undefined && { next_cursor: next }) };
  }

  /** A file of a row, when it is in the gateway's storage. */
  @Get(":id/rows/:index/files/:file")
  @Needs("read")
  async file(
    @Param() { id = "", index = "", file = "" }: Record<string, string>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const batch = await this.#find(request, id);
    const row = await this.#batches.store.row(batch, readIndex(index));
    const found = row.outcome?.files[readIndex(file)];
    if (!found)
      throw new MoodError("NOT_FOUND", "FILE_NOT_FOUND", `Row ${row.index} has no file ${file.slice(0, 10)}.`);
    if (found.key === undefined) {
      const text = `The file was written to ${found.url ?? "another place"}.`;
      throw new MoodError("FAILED_PRECONDITION", "FILE_ELSEWHERE", text);
    }
    const { storage, linkSeconds } = this.#batches;
    await sendStored(response, { ...found, key: found.key }, { storage, linkSeconds });
  }

  /** The manifest with what became of each row: CSV, or JSON lines with `format=jsonl`. */
  @Get(":id/manifest")
  @Needs("read")
  async manifest(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const batch = await this.#find(request, id);
    const format = readFormat(request.query["format"]);
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Content-Disposition", `attachment; filename="${batch.id}.${format}"`);
    response.status(200).type(format === "csv" ? "text/csv; charset=utf-8" : "application/jsonl");
    await sendStream(resultManifest(this.#batches.store, batch, { format, base: this.#base(request) }), response);
  }

  /** What happens, as server-sent events, after `Last-Event-ID`. */
  @Get(":id/events")
  @Needs("read")
  async events(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const batch = await this.#find(request, id);
    const after = readLastEventId(request.headers["last-event-id"]);
    if (batch.status !== "running" && after >= batch.sequence && after > 0) {
      // 204 tells an EventSource that has seen the end not to connect again.
      response.status(204).end();
      return;
    }
    const signal = clientGone(response);
    const events = this.#batches.feed.watch(batch, { after, base: this.#base(request), signal });
    await sendEvents(response, events, { signal, heartbeatMs: this.#batches.heartbeatMs });
  }

  /** Ends all rows that haven't ended. Idempotent. */
  @Post(":id\\:cancel")
  @Needs("write")
  async cancel(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const batch = await this.#batches.cancel(identityOf(request).tenantId, id);
    response.status(200).json(await this.#view(request, batch));
  }

  /** Runs failed rows again, or cancelled ones: that resumes a cancelled batch. */
  @Post(":id\\:retry")
  @Needs("write")
  async retry(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { tenantId } = identityOf(request);
    const { statuses } = checkFields(retryRequestSchema, await readFields(request));
    const batch = await this.#batches.store.retry(tenantId, id, statuses);
    response.status(202).json(await this.#view(request, batch));
  }

  #find(request: Request, id: string): Promise<Batch> {
    return this.#batches.store.require(identityOf(request).tenantId, id);
  }

  #base(request: Request): string {
    return baseUrl(request, this.#batches.publicUrl);
  }

  async #view(request: Request, batch: Batch): Promise<BatchView> {
    return viewBatch(batch, this.#base(request), await this.#batches.estimate(batch));
  }

  /** The batch when it has ended, or as it is after `seconds`. */
  async #wait(batch: Batch, seconds: number, gone: AbortSignal): Promise<Batch> {
    if (seconds === 0 || batch.status !== "running") return batch;
    const signal = AbortSignal.any([gone, AbortSignal.timeout(seconds * 1000)]);
    const events = this.#batches.feed.watch(batch, { after: beyondAllRows, base: "", signal });
    for await (const _event of events) if (signal.aborted) break;
    return this.#batches.store.require(batch.tenantId, batch.id);
  }
}

function readStatuses(value: unknown): RowStatus[] | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === "string" ? value.split(",") : [];
  const statuses = rowStatuses.filter((status) => names.includes(status));
  if (names.length > 0 && statuses.length === names.length) return statuses;
  throw refuse("FIELD_INVALID", {
    argument: "status",
    expected: `some of ${rowStatuses.join(",")}`,
    got: quote(value),
  });
}

function readFormat(value: unknown): "csv" | "jsonl" {
  if (value === undefined || value === "csv") return "csv";
  if (value === "jsonl") return "jsonl";
  throw refuse("FIELD_INVALID", { argument: "format", expected: "csv or jsonl", got: quote(value) });
}

function readIndex(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw refuse("FIELD_INVALID", { argument: "index", expected: "a whole number", got: quote(text) });
}
