import { encodePng } from "@moodifier/inference";
import { createLogger } from "@moodifier/service-kit";
import { configSchema, type GatewayConfig } from "../config.ts";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open-database.ts";
import { type GatewayDeps, start } from "../start.ts";
import { type ScriptedServices, startScriptedServices } from "./scripted-services.ts";

/** A gateway on a free port with scripted services behind it. */
export interface GatewayUnderTest {
  readonly url: string;
  readonly services: ScriptedServices;
  readonly picture: Buffer;
  stop(): Promise<void>;
}

/** The embedded database that the gateways of one test file share, for opening one costs seconds; each gateway finds it empty. */
let shared: Promise<Database> | undefined;

async function emptyDatabase(): Promise<Database> {
  shared ??= openDatabase({});
  const database = await shared;
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname = 'public' AND tablename NOT IN ('schema_migration', 'lane_clock') OR schemaname = 'pgboss' AND tablename IN ('job_common', 'job')`,
  );
  await database.query(
    `TRUNCATE ${tables.map(({ name }) => name).join(", ")} CASCADE; UPDATE lane_clock SET virtual = 0`,
  );
  return database;
}

/** Starts one; `overrides` change its configuration. Without a place for data it uses the test file's own database. */
export async function startGateway(
  overrides: Partial<GatewayConfig> = {},
  deps: Pick<GatewayDeps, "moderation"> = {},
): Promise<GatewayUnderTest> {
  const isShared = overrides.databaseUrl === undefined && overrides.dataDir === undefined;
  const database = isShared ? await emptyDatabase() : undefined;
  const picture = await drawPicture(48, 32);
  const services = await startScriptedServices(picture);
  const config = configSchema.parse({ ...services.addresses, logLevel: "silent", drainMs: 50, ...overrides });
  const logger = createLogger({ service: "gateway", level: "silent" });
  const gateway = await start(config, { logger, ...deps, ...(database && { database }) });
  return {
    url: `http://${gateway.address}`,
    services,
    picture,
    stop: async () => {
      await gateway.stop();
      await services.stop();
    },
  };
}

/** A PNG with a gradient. */
export function drawPicture(width: number, height: number): Promise<Buffer> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 7) % 256);
  return encodePng({ width, height, channels: 3, data });
}

/** A mask PNG, white where `inside` says so. */
export function drawMask(width: number, height: number, inside: (x: number, y: number) => boolean): Promise<Buffer> {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    if (inside(pixel % width, Math.floor(pixel / width))) data.fill(255, pixel * 3, pixel * 3 + 3);
  }
  return encodePng({ width, height, channels: 3, data });
}

/** A multipart body. */
export function formOf(fields: Record<string, string | Buffer>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)], { type: "image/png" }), `${name}.png`);
  }
  return form;
}
