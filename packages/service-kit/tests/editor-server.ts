import { diffusion } from "@moodifier/proto";
import {
  createClient,
  createLogger,
  createMetrics,
  serve,
  serverStream,
  unary,
  type CallContext,
  type ServeOptions,
} from "../src/index.ts";

/** The handlers of the Editor that a test replaces. */
export interface EditorHandlers {
  readonly edit?: (request: diffusion.EditRequest, context: CallContext) => AsyncIterable<diffusion.EditEvent>;
  readonly listMethods?: (
    request: diffusion.ListMethodsRequest,
    context: CallContext,
  ) => Promise<diffusion.ListMethodsResponse>;
}

/** Starts a real Editor server on a free loopback port, and a client of it. */
export async function startEditor(
  handlers: EditorHandlers,
  options: Partial<ServeOptions> & { drainMs?: number } = {},
) {
  const lines: string[] = [];
  const metrics = createMetrics({ service: "editor" });
  const { drainMs = 5000, ...rest } = options;
  const server = await serve({
    name: "editor",
    config: { host: "127.0.0.1", port: 0, metricsPort: 0, reflection: false, drainMs },
    logger: createLogger({
      service: "editor",
      level: "debug",
      destination: { write: (line) => void lines.push(line) },
    }),
    metrics,
    services: [
      {
        definition: diffusion.EditorService,
        implementation: {
          edit: serverStream(handlers.edit ?? async function* () {}),
          listMethods: unary(handlers.listMethods ?? (async () => ({ methods: [] }))),
        } satisfies diffusion.EditorServer,
      },
    ],
    ...rest,
  });
  const client = createClient(diffusion.EditorClient, server.address, {
    channel: { "grpc.use_local_subchannel_pool": 1 },
    metrics,
  });
  await client.ready(20_000);
  const close = async () => {
    client.close();
    await server.stop();
  };
  return { server, client, metrics, lines, close };
}

/** An edit request with nothing in it. */
export const emptyEdit: diffusion.EditRequest = { method: "" };

/** A progress event. */
export function progress(step: number, steps = 8): diffusion.EditEvent {
  return { event: { $case: "progress", value: { step, steps } } };
}
