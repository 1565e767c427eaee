import { Controller, Get, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { z } from "zod";
import { readIdempotencyKey } from "../http/idempotency-key.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import { quote, refuse } from "../http/refuse.ts";
import { maxImageBytes } from "../http/upload.ts";
import { clientGone } from "../http/client-gone.ts";
import type { Storage } from "../storage/storage.ts";
import { identityOf } from "../tenants/identity.ts";
import { Needs } from "../tenants/needs.ts";
import { RATE_LIMITS, STORAGE, UPLOAD_STORE } from "../tokens.ts";
import type { Upload, UploadStore } from "./upload-store.ts";

export const uploadSchema = z
  .object({
    id: z.string(),
    reference: z.string().describe("What a manifest's `image` or `mask` says to mean this file: upload:ID."),
    sha256: z.string(),
    bytes: z.int(),
    media_type: z.string(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "Upload", description: "A file for later use." });

const mediaTypes = ["image/png", "image/jpeg", "image/webp"];

/** `/v1/uploads`: pictures for batches. The body is the file itself and goes to the storage as it comes. */
@Controller("v1/uploads")
export class UploadsController {
  readonly #storage: Storage;
  readonly #uploads: UploadStore;
  readonly #rates: RateLimits;

  constructor(
    @Inject(STORAGE) storage: Storage,
    @Inject(UPLOAD_STORE) uploads: UploadStore,
    @Inject(RATE_LIMITS) rates: RateLimits,
  ) {
    this.#storage = storage;
    this.#uploads = uploads;
    this.#rates = rates;
  }

  @Post()
  @Needs("write")
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { tenantId } = identityOf(request);
    const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (!mediaTypes.includes(mediaType)) {
      request.resume();
      throw refuse("MEDIA_TYPE_UNSUPPORTED", {
        argument: "Content-Type",
        expected: mediaTypes.join(", "),
        got: mediaType === "" ? "none" : quote(mediaType),
      });
    }
    const signal = clientGone(response);
    const stored = await this.#storage
      .put(request, { mediaType, maxBytes: maxImageBytes, signal })
      .catch((error: unknown) => {
        request.resume();
        throw error;
      });
    if (stored.bytes === 0) throw refuse("BODY_MALFORMED", { argument: "body", expected: "a picture", got: "0 bytes" });
    const content = { ...stored, mediaType };
    const idempotency = readIdempotencyKey(request.headers["idempotency-key"], content);
    const earlier = idempotency && (await this.#uploads.findRepeated(tenantId, idempotency));
    if (!earlier) await this.#rates.charge(tenantId, { requests: 1, megapixelSteps: 0 }, response);
    const { upload, replayed } = earlier
      ? { upload: earlier, replayed: true }
      : await this.#uploads.add(tenantId, content, idempotency);
    if (replayed) response.setHeader("Idempotency-Replayed", "true");
    response
      .status(replayed ? 200 : 201)
      .setHeader("Location", `/v1/uploads/${upload.id}`)
      .json(view(upload));
  }

  @Get(":id")
  @Needs("read")
  async read(@Param("id") id: string, @Req() request: Request): Promise<z.infer<typeof uploadSchema>> {
    return view(await this.#uploads.require(identityOf(request).tenantId, id));
  }
}

function view({ id, key, bytes, mediaType, expiresAt }: Upload): z.infer<typeof uploadSchema> {
  return {
    id,
    reference: `upload:${id}`,
    sha256: key,
    bytes,
    media_type: mediaType,
    expires_at: new Date(expiresAt).toISOString(),
  };
}
