import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { type AddressPolicy, MoodError, pinAddress } from "@moodifier/service-kit";
import { z } from "zod";
import { checkFields } from "../http/checked-fields.ts";
import { quote, refuse } from "../http/refuse.ts";
import { identityOf } from "../tenants/identity.ts";
import { Needs } from "../tenants/needs.ts";
import { readPage } from "../tenants/page.ts";
import { readFields } from "../tenants/read-fields.ts";
import { WEBHOOK_POLICY, WEBHOOK_STORE } from "../tokens.ts";
import {
  type DeliveryStatus,
  deliverySchema,
  deliveryStates,
  type Endpoint,
  endpointRequestSchema,
  endpointSchema,
  viewDelivery,
  viewEndpoint,
} from "./webhook.ts";
import type { WebhookStore } from "./webhook-store.ts";

export const endpointListSchema = z
  .object({ endpoints: z.array(endpointSchema), next_cursor: z.string().optional() })
  .meta({ id: "WebhookEndpointList" });
export const deliveryListSchema = z
  .object({ deliveries: z.array(deliverySchema), next_cursor: z.string().optional() })
  .meta({ id: "WebhookDeliveryList" });
export const recoverySchema = z
  .object({ queued: z.int().describe("Failed deliveries that are sent again.") })
  .meta({ id: "WebhookRecovery" });

/** `/v1/webhooks`. */
@Controller("v1/webhooks")
@Needs("webhooks")
export class WebhooksController {
  readonly #store: WebhookStore;
  readonly #policy: AddressPolicy;

  constructor(@Inject(WEBHOOK_STORE) store: WebhookStore, @Inject(WEBHOOK_POLICY) policy: AddressPolicy) {
    this.#store = store;
    this.#policy = policy;
  }

  /** Makes an endpoint; the secret is in this answer and nowhere else. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { tenantId } = identityOf(request);
    const fields = checkFields(endpointRequestSchema, await readFields(request));
    await checkReceiver(fields.url, this.#policy);
    const { endpoint, secret } = await this.#store.create(tenantId, fields);
    response.setHeader("Cache-Control", "no-store");
    response.status(201).json({ endpoint: viewEndpoint(endpoint), secret });
  }

  @Get()
  async list(@Req() request: Request): Promise<z.infer<typeof endpointListSchema>> {
    const page = readPage(request.query, /^.{1,200}$/);
    const { items, next } = await this.#store.list(identityOf(request).tenantId, page);
    return { endpoints: items.map(viewEndpoint), ...(next !== undefined && { next_cursor: next }) };
  }

  @Get(":id")
  async read(@Param("id") id: string, @Req() request: Request) {
    return viewEndpoint(found(id, await this.#store.get(identityOf(request).tenantId, id)));
  }

  /** Forgets an endpoint and its deliveries. */
  @Delete(":id")
  @HttpCode(204)
  async remove(@Param("id") id: string, @Req() request: Request): Promise<void> {
    found(id, await this.#store.remove(identityOf(request).tenantId, id));
  }

  /** Sends again to an endpoint that had answered 410 Gone. */
  @Post(":id\\:enable")
  @HttpCode(200)
  async enable(@Param("id") id: string, @Req() request: Request) {
    return viewEndpoint(found(id, await this.#store.enable(identityOf(request).tenantId, id)));
  }

  /** A new secret; for a day messages carry the signatures of both. */
  @Post(":id\\:rotate-secret")
  async rotate(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const rotated = await this.#store.rotateSecret(identityOf(request).tenantId, id);
    const endpoint = found(id, rotated?.endpoint);
    response.setHeader("Cache-Control", "no-store");
    response.status(200).json({ endpoint: viewEndpoint(endpoint), secret: rotated?.secret });
  }

  /** Sends a `ping`. */
  @Post(":id\\:ping")
  @HttpCode(202)
  async ping(@Param("id") id: string, @Req() request: Request) {
    return viewEndpoint(found(id, await this.#store.ping(identityOf(request).tenantId, id)));
  }

  /** Sends everything now that has been tried and has not arrived. */
  @Post(":id\\:recover")
  @HttpCode(202)
  async recover(@Param("id") id: string, @Req() request: Request): Promise<z.infer<typeof recoverySchema>> {
    const { tenantId } = identityOf(request);
    found(id, await this.#store.get(tenantId, id));
    return { queued: await this.#store.recover(tenantId, id) };
  }

  /** What was sent, and each attempt. */
  @Get(":id/deliveries")
  async deliveries(@Param("id") id: string, @Req() request: Request): Promise<z.infer<typeof deliveryListSchema>> {
    const { tenantId } = identityOf(request);
    found(id, await this.#store.get(tenantId, id));
    const { limit, cursor } = readPage(request.query, /^\d{1,15}$/, ["status"]);
    const filter = {
      status: readStatus(request.query["status"]),
      limit,
      before: cursor === undefined ? undefined : Number(cursor),
    };
    const deliveries = await this.#store.deliveries(tenantId, id, filter);
    const last = deliveries.length === limit ? deliveries.at(-1)?.id : undefined;
    return { deliveries: deliveries.map(viewDelivery), ...(last !== undefined && { next_cursor: last }) };
  }

  /** Sends one delivery again, under its message id. */
  @Post(":id/deliveries/:delivery\\:replay")
  @HttpCode(202)
  async replay(@Param("id") id: string, @Param("delivery") delivery: string, @Req() request: Request) {
    const { tenantId } = identityOf(request);
    const endpoint = found(id, await this.#store.get(tenantId, id));
    const known = /^\d{1,15}$/.test(delivery) && (await this.#store.replay(tenantId, id, Number(delivery)));
    if (!known)
      throw new MoodError(
        "NOT_FOUND",
        "DELIVERY_NOT_FOUND",
        `The endpoint has no delivery "${delivery.slice(0, 32)}".`,
      );
    return viewEndpoint(endpoint);
  }
}

function found(id: string, endpoint: Endpoint | undefined): Endpoint {
  if (endpoint) return endpoint;
  throw new MoodError("NOT_FOUND", "WEBHOOK_NOT_FOUND", `No webhook endpoint has the id "${id.slice(0, 64)}".`);
}

/** Refuses what would fail at each delivery. Addresses are checked again, and pinned, at each attempt. */
async function checkReceiver(text: string, policy: AddressPolicy): Promise<void> {
  const url = new URL(text);
  const address = await pinAddress(url, policy).catch((error: unknown) => {
    if (!(error instanceof MoodError) || error.reason !== "URL_UNRESOLVED") throw error;
    const refusal = { argument: "url", expected: "a host that has an address", got: quote(url.hostname) };
    throw refuse("URL_UNRESOLVED", refusal, { cause: error });
  });
  const isPublic = await pinAddress(url, { resolve: () => Promise.resolve([address]) }).then(
    () => true,
    () => false,
  );
  if (url.protocol === "http:" && isPublic) {
    throw refuse("URL_INVALID", { argument: "url", expected: "an https URL", got: "an http URL" });
  }
}

function readStatus(value: unknown): DeliveryStatus | undefined {
  if (value === undefined || (deliveryStates as readonly unknown[]).includes(value))
    return value as DeliveryStatus | undefined;
  throw refuse("FIELD_INVALID", {
    argument: "status",
    expected: `one of ${deliveryStates.join(", ")}`,
    got: quote(value),
  });
}
