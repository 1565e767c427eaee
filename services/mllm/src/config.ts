import { modelSettings, serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";

/** Settings of the planner service. Environment names: `chatUrl` is MOODIFIER_CHAT_URL and so on. */
export const configSchema = z
  .object({
    ...serviceSettings,
    ...modelSettings,
    /** Which planner answers: the model folder's own, or a chat server. Masks are always drawn by the model folder's segmenter. */
    chat: z.enum(["onnx", "openai"]).default("onnx"),
    /** Base URL of the chat server with its version path, for example "http://127.0.0.1:8000/v1"; needed for `openai`. */
    chatUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Model name as the chat server knows it; needed for `openai`. */
    chatModel: z.string().min(1).optional(),
    /** Bearer token for the chat server. */
    chatKey: z.string().min(1).optional(),
    /** Longest wait for one reply of the chat server, milliseconds, 100..600,000. */
    chatTimeoutMs: z.coerce.number().int().min(100).max(600_000).default(60_000),
    /** Requests that a chat server is given at once, 1..256; the model folder's own planner takes one at a time. */
    chatConcurrency: z.coerce.number().int().min(1).max(256).default(4),
  })
  .superRefine((config, context) => {
    if (config.chat !== "openai") return;
    for (const name of ["chatUrl", "chatModel"] as const) {
      if (config[name] === undefined) {
        context.addIssue({ code: "custom", path: [name], message: "needed when MOODIFIER_CHAT is openai" });
      }
    }
  });

/** Checked settings. */
export type Config = z.infer<typeof configSchema>;
