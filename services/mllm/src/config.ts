import { modelSettings, serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";
import { BOX_SETTINGS } from "./chat/openai/box-convention.ts";
import { FORMATS } from "./chat/openai/response-format.ts";

/** Settings of the planner's chat server. */
export const chatSettings = {
  /** Which planner answers: the model folder's own, or a chat server. Masks are always drawn by the model folder's segmenter. */
  chat: z.enum(["onnx", "openai"]).default("onnx"),
  /** Base URL of the chat server with its version path, for example "http://127.0.0.1:8000/v1"; needed for `openai`. */
  chatUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Model name as the chat server knows it; needed for `openai`. */
  chatModel: z.string().min(1).optional(),
  /** Bearer token for the chat server. */
  chatKey: z.string().min(1).optional(),
  /** How the chat server is asked for the shape of replies; "auto" finds the strongest way that it accepts. */
  chatFormat: z.enum(["auto", ...FORMATS]).default("auto"),
  /** How the chat server's model counts boxes; "probe" asks it once about a picture with a known box, "detect" goes by range. */
  chatBoxes: z.enum(BOX_SETTINGS).default("probe"),
  /** Whether replies of the chat server are streamed, so that stalls show early. */
  chatStream: z.union([z.boolean(), z.stringbool()]).default(true),
  /** Longest silence inside a streamed reply, milliseconds, 100..600,000. */
  chatStallMs: z.coerce.number().int().min(100).max(600_000).default(20_000),
  /** Tokens that one picture may cost as LLaVA-NeXT counts: 2928 for a 672 px square, 1176 for a 336 px one. */
  chatImageTokens: z.coerce.number().int().min(1176).max(100_000).default(2928),
  /** Requests per question at most while the chat server is busy or unreachable, 1..10. */
  chatAttempts: z.coerce.number().int().min(1).max(10).default(3),
  /** Longest wait for one reply of the chat server, retries included, milliseconds, 100..600,000. */
  chatTimeoutMs: z.coerce.number().int().min(100).max(600_000).default(60_000),
  /** Requests that a chat server is given at once, 1..256. */
  chatConcurrency: z.coerce.number().int().min(1).max(256).default(4),
  /** Copies of the model folder's own planner, 1..64, each of which answers one request at a time; they share the threads. Throughput for memory. */
  planners: z.coerce.number().int().min(1).max(64).default(1),
};

/** Adds an issue for each setting that `openai` needs and the configuration lacks; for `superRefine`. */
export function checkChat(
  config: Pick<z.output<z.ZodObject<typeof chatSettings>>, "chat" | "chatUrl" | "chatModel">,
  context: z.RefinementCtx,
): void {
  if (config.chat !== "openai") return;
  for (const name of ["chatUrl", "chatModel"] as const) {
    if (config[name] === undefined) {
      context.addIssue({ code: "custom", path: [name], message: "needed when MOODIFIER_CHAT is openai" });
    }
  }
}

/** Settings of the planner service. Environment names: `chatUrl` is MOODIFIER_CHAT_URL and so on. */
export const configSchema = z
  .object({
    ...serviceSettings,
    ...modelSettings,
    ...chatSettings,
  })
  .superRefine(checkChat);

/** Checked settings. */
export type Config = z.infer<typeof configSchema>;
