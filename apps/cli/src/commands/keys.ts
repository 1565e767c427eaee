import { createHash, randomBytes } from "node:crypto";
import type { ApiKey, FreshApiKey } from "@moodifier/sdk";
import { type Command, InvalidArgumentError } from "commander";
import { connect, type GatewayOptions, addGatewayOptions } from "../server/gateway-client.ts";

interface JsonOption extends GatewayOptions {
  readonly json?: boolean;
}

interface CreateOptions extends JsonOption {
  readonly name: string;
  readonly scope?: ApiKey["scopes"];
  readonly tenant?: string;
  readonly days?: number;
}

interface RotateOptions extends JsonOption {
  readonly grace?: number;
}

/** `moodifier keys`. */
export function addKeysCommand(program: Command): void {
  const keys = program.command("keys").description("make, list, rotate and revoke API keys of a running gateway");
  keys
    .command("bootstrap")
    .description("make the first operator key, on this machine alone: the gateway is configured with its hash")
    .option("--json", "print JSON")
    .action(bootstrap);
  addGatewayOptions(keys.command("create").description("make a key; its secret is printed this once"))
    .requiredOption("-n, --name <text>", "what the key is for")
    .option("-s, --scope <names...>", "read, write, webhooks, admin, operator (default: read write)")
    .option("-t, --tenant <id>", "whose things the key reaches (default: the caller's)")
    .option("-d, --days <number>", "days until it ends (default: 365)", whole)
    .action(create);
  addGatewayOptions(keys.command("list").description("list the keys in reach")).action(list);
  addGatewayOptions(keys.command("rotate").description("put a new key in the place of one").argument("<id>"))
    .option("--grace <seconds>", "how long the old one still works (default: a day)", whole)
    .action(rotate);
  addGatewayOptions(keys.command("revoke").description("end a key at once").argument("<id>")).action(revoke);
}

/** Makes a key in the gateway's form without a gateway: nothing has a key yet that could ask for one. */
function bootstrap({ json }: { readonly json?: boolean }): void {
  const id = randomBytes(8).toString("hex");
  const key = `mood_${id}_${randomBytes(32).toString("base64url")}`;
  const operatorKeys = `${id}:${createHash("sha256").update(key).digest("hex")}`;
  const lines = [
    `key        ${key}`,
    `configure  MOODIFIER_AUTH=keys MOODIFIER_OPERATOR_KEYS=${operatorKeys}`,
    "Keep the key; only its hash belongs into the gateway's configuration.",
    "",
  ];
  print(json, { key, operator_keys: operatorKeys }, lines.join("\n"));
}

async function create(options: CreateOptions): Promise<void> {
  const { name, scope, tenant, days } = options;
  const body = {
    name,
    ...(scope && { scopes: scope }),
    ...(tenant !== undefined && { tenant_id: tenant }),
    ...(days !== undefined && { expires_in_days: days }),
  };
  const { data } = await connect(options).POST("/v1/keys", { body: body as never });
  printFresh(options.json, data as FreshApiKey);
}

async function list(options: JsonOption): Promise<void> {
  const client = connect(options);
  const keys: ApiKey[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
    const { data } = await client.GET("/v1/keys", { params: { query } });
    keys.push(...(data?.keys ?? []));
    cursor = data?.next_cursor;
  } while (cursor !== undefined);
  const rows = keys.map(({ prefix, tenant_id: tenant, status, scopes, expires_at: expires, name }) =>
    [
      prefix,
      tenant.padEnd(16),
      status.padEnd(8),
      scopes.join(",").padEnd(24),
      expires?.slice(0, 10) ?? "never     ",
      name,
    ].join("  "),
  );
  print(options.json, keys, rows.map((row) => `${row}\n`).join(""));
}

async function rotate(id: string, options: RotateOptions): Promise<void> {
  const body = options.grace === undefined ? {} : { grace_seconds: options.grace };
  const { data } = await connect(options).POST("/v1/keys/{id}:rotate", {
    params: { path: { id } },
    body: body as never,
  });
  printFresh(options.json, data as FreshApiKey);
}

async function revoke(id: string, options: JsonOption): Promise<void> {
  const { data } = await connect(options).POST("/v1/keys/{id}:revoke", { params: { path: { id } } });
  print(options.json, data, `${id} is revoked\n`);
}

function printFresh(json: boolean | undefined, fresh: FreshApiKey): void {
  const { key, secret } = fresh;
  const text = `${secret}\n`;
  if (!json) process.stderr.write(`key ${key.id} of ${key.tenant_id}, ${key.scopes.join(", ")}; shown this once:\n`);
  print(json, fresh, text);
}

function print(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text);
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number");
}
