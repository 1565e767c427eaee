import { encodePng } from "@moodifier/inference";
import { createLogger } from "@moodifier/service-kit";
import { configSchema, type GatewayConfig } from "../config.ts";
import { start } from "../start.ts";
import { type ScriptedServices, startScriptedServices } from "./scripted-services.ts";

/** A gateway on a free port with scripted services behind it. */
export interface GatewayUnderTest {
  readonly url: string;
  readonly services: ScriptedServices;
  readonly picture: Buffer;
  stop(): Promise<void>;
}

/** Starts one; `overrides` change its configuration. */
export async function startGateway(overrides: Partial<GatewayConfig> = {}): Promise<GatewayUnderTest> {
  const picture = await drawPicture(48, 32);
  const services = await startScriptedServices(picture);
  const config = configSchema.parse({ ...services.addresses, logLevel: "silent", drainMs: 50, ...overrides });
  const gateway = await start(config, { logger: createLogger({ service: "gateway", level: "silent" }) });
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
