import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from "@nestjs/common";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import { z } from "zod";
import { checkFields } from "../http/checked-fields.ts";
import { readFields } from "../tenants/read-fields.ts";
import { type Identity, identityOf, type Scope } from "../tenants/identity.ts";
import { Needs } from "../tenants/needs.ts";
import { readPage } from "../tenants/page.ts";
import { KEY_STORE } from "../tokens.ts";
import { apiKeySchema, type ApiKeyView, keyRequestSchema, rotationRequestSchema, viewKey } from "./api-key.ts";
import type { IssuedKey, KeyStore } from "./key-store.ts";

export const keyListSchema = z
  .object({ keys: z.array(apiKeySchema), next_cursor: z.string().optional() })
  .meta({ id: "ApiKeyList" });

const dayMs = 86_400_000;

/** `/v1/keys`. An admin sees and makes keys of its own tenant, an operator those of all. */
@Controller("v1/keys")
@Needs("admin")
export class KeysController {
  readonly #store: KeyStore;

  constructor(@Inject(KEY_STORE) store: KeyStore) {
    this.#store = store;
  }

  /** Makes a key; its secret is in this answer and nowhere else. */
  @Post()
  async create(@Req() request: Request, @Res() response: Response): Promise<void> {
    const identity = identityOf(request);
    const fields = checkFields(keyRequestSchema, await readFields(request));
    const tenantId = fields.tenant_id ?? identity.tenantId;
    checkGrant(identity, tenantId, fields.scopes);
    const expiresAt = new Date(Date.now() + fields.expires_in_days * dayMs);
    sendSecret(response, await this.#store.issue({ tenantId, name: fields.name, scopes: fields.scopes, expiresAt }));
  }

  @Get()
  async list(@Req() request: Request): Promise<z.infer<typeof keyListSchema>> {
    const { limit, cursor } = readPage(request.query, /^[0-9a-f]{16}$/);
    const keys = await this.#store.list(reach(identityOf(request)), limit, cursor);
    const last = keys.length === limit ? keys.at(-1)?.id : undefined;
    return { keys: keys.map((key) => viewKey(key)), ...(last !== undefined && { next_cursor: last }) };
  }

  @Get(":id")
  async read(@Param("id") id: string, @Req() request: Request): Promise<ApiKeyView> {
    const key = await this.#store.get(id, reach(identityOf(request)));
    return key ? viewKey(key) : notFound(id);
  }

  /** A new secret for the same purpose; the old one still works for a while. */
  @Post(":id\\:rotate")
  async rotate(@Param("id") id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const owner = reach(identityOf(request));
    const { grace_seconds: grace } = checkFields(rotationRequestSchema, await readFields(request));
    const known = (await this.#store.get(id, owner)) ?? notFound(id);
    checkGrant(identityOf(request), known.tenantId, known.scopes);
    const issued = await this.#store.rotate(id, owner, grace);
    if (issued) return sendSecret(response, issued);
    throw new MoodError(
      "FAILED_PRECONDITION",
      "KEY_NOT_ACTIVE",
      `The key ${id} is expired, revoked or already replaced.`,
    );
  }

  /** Ends a key at once. Idempotent. */
  @Post(":id\\:revoke")
  @HttpCode(200)
  async revoke(@Param("id") id: string, @Req() request: Request): Promise<ApiKeyView> {
    const key = await this.#store.revoke(id, reach(identityOf(request)));
    return key ? viewKey(key) : notFound(id);
  }
}

function reach({ tenantId, scopes }: Identity): string | undefined {
  return scopes.includes("operator") ? undefined : tenantId;
}

/** Nobody gives away what they do not have. */
function checkGrant(identity: Identity, tenantId: string, scopes: readonly Scope[]): void {
  if (identity.scopes.includes("operator")) return;
  const excess = scopes.find((scope) => !identity.scopes.includes(scope));
  if (tenantId === identity.tenantId && excess === undefined) return;
  const what = excess === undefined ? `keys of the tenant "${tenantId}"` : `the scope "${excess}"`;
  throw new MoodError("PERMISSION_DENIED", "GRANT_TOO_WIDE", `This key can't give away ${what}.`);
}

function sendSecret(response: Response, { key, secret }: IssuedKey): void {
  response.setHeader("Cache-Control", "no-store");
  response.status(201).json({ key: viewKey(key), secret });
}

function notFound(id: string): never {
  throw new MoodError("NOT_FOUND", "KEY_NOT_FOUND", `No key has the id "${id.slice(0, 64)}".`);
}
