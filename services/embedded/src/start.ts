import * as clip from "@moodifier/clip";
import * as diffusion from "@moodifier/diffusion";
import * as gateway from "@moodifier/gateway";
import * as mllm from "@moodifier/mllm";
import { createLogger, type RunningService } from "@moodifier/service-kit";
import type { Config } from "./config.ts";

/** The stack in this process. */
export interface RunningStack extends RunningService {
  /** Address of the gateway. */
  readonly url: string;
  readonly ports: {
    readonly gateway: number;
    readonly mllm: number;
    readonly clip: number;
    readonly diffusion: number;
  };
  /** The model services, to stop one alone. */
  readonly services: Readonly<Record<"mllm" | "clip" | "diffusion", RunningService>>;
}

const loopback = "127.0.0.1";

/**
 * Starts planner, encoder, editor and gateway, each on a port of its own; the gateway serves when the promise resolves. Logs go to standard error.
 * When one of them can't start, the others are stopped and its error is thrown.
 */
export async function start(config: Config): Promise<RunningStack> {
  const loggerOf = (service: string) => createLogger({ service, level: config.logLevel, destination: process.stderr });
  const { modelDir, threads, device, precision, prepack, drainMs } = config;
  const shared = { host: loopback, port: 0, modelDir, threads, device, precision, prepack, drainMs };
  const names = ["mllm", "clip", "diffusion"] as const;
  const starting = [
    mllm.start(mllm.configSchema.parse({ ...shared, ...chatOf(config) }), { logger: loggerOf("mllm") }),
    clip.start(clip.configSchema.parse(shared), { logger: loggerOf("clip") }),
    diffusion.start(diffusion.configSchema.parse(shared), { logger: loggerOf("diffusion") }),
  ] as const;
  const settled = await Promise.allSettled(starting);
  const running = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stopAll = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.stop()));
  };
  try {
    const [planner, encoder, editor] = await Promise.all(starting);
    const entry = await gateway.start(gatewayConfig(config, [planner, encoder, editor]), {
      logger: loggerOf("gateway"),
    });
    return {
      address: entry.address,
      port: entry.port,
      url: `http://${entry.address}`,
      ports: { gateway: entry.port, mllm: planner.port, clip: encoder.port, diffusion: editor.port },
      services: Object.fromEntries(names.map((name, index) => [name, running[index]])) as RunningStack["services"],
      // The gateway first: its running edits still need the others.
      stop: async () => {
        await entry.stop();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** The planner's settings that are its own. */
function chatOf(config: Config): Record<string, unknown> {
  const names = Object.keys(mllm.chatSettings) as (keyof typeof mllm.chatSettings)[];
  return Object.fromEntries(names.map((name) => [name, config[name]]));
}

function gatewayConfig(config: Config, services: readonly [RunningService, RunningService, RunningService]) {
  const [planner, encoder, editor] = services;
  return gateway.configSchema.parse({
    ...config,
    mllmAddress: planner.address,
    clipAddress: encoder.address,
    diffusionAddress: editor.address,
  });
}
