import { encodePng, resizePicture, type Picture } from "@moodifier/inference";
import { z } from "zod";
import { strictJsonSchema } from "./reply-schema.ts";
import { ChatError, type ChatReply, type ChatRequest, type VisionChat } from "./vision-chat.ts";

/** Where a chat server is and how to ask it. */
export type OpenAiChatOptions = {
  /** Base URL with its version path, for example "http://127.0.0.1:8000/v1". */
  url: string;
  /** Model name as the server knows it. */
  model: string;
  /** Sent as bearer token when set. Never logged. */
  key?: string | undefined;
  /** Longest wait for one reply, milliseconds. */
  timeoutMs: number;
  /** Side of the square picture that is sent, pixels. */
  imageSize?: number;
  /** Longest reply, tokens. */
  maxTokens?: number;
};

const replySchema = z.object({
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
});

/**
 * Talks to any OpenAI-compatible vision chat server (vLLM, SGLang, llama.cpp, Ollama). The schema is sent nested as `json_schema` and
 * stated in the system text too, because servers may ignore the former; replies are therefore never trusted and callers validate.
 */
export function createOpenAiChat(options: OpenAiChatOptions): VisionChat {
  const { imageSize = 672, maxTokens = 1200 } = options;
  return {
    modelId: options.model,
    repairs: 1,
    async complete(request: ChatRequest): Promise<ChatReply> {
      const picture = await resizePicture(request.image, imageSize, imageSize);
      const body = JSON.stringify({
        model: options.model,
        temperature: 0,
        max_tokens: maxTokens,
        messages: await writeMessages(request, picture),
        response_format: {
          type: "json_schema",
          json_schema: { name: request.schemaName, strict: true, schema: strictJsonSchema(request.schema) },
        },
      });
      return readReply(await post(options, body, request.signal));
    },
  };
}

async function writeMessages({ system, messages }: ChatRequest, picture: Picture): Promise<unknown[]> {
  const png = await encodePng(picture);
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${png.toString("base64")}` } };
  return [
    { role: "system", content: system },
    ...messages.map(({ role, text }, index) => ({
      role,
      content: index === 0 ? [{ type: "text", text }, image] : text,
    })),
  ];
}

async function post(options: OpenAiChatOptions, body: string, signal: AbortSignal | undefined): Promise<unknown> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (options.key) headers["authorization"] = `Bearer ${options.key}`;
  try {
    const response = await fetch(`${options.url.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers,
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(response.status, options.model);
    }
    return await response.json();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ChatError) throw error;
    if (timeout.aborted) {
      throw new ChatError("CHAT_TIMEOUT", `the chat server sent no reply within ${options.timeoutMs} ms`, {
        cause: error,
      });
    }
    if (error instanceof SyntaxError) {
      throw new ChatError("CHAT_REPLY_INVALID", "the chat server's answer is not JSON", { cause: error });
    }
    throw new ChatError("CHAT_UNAVAILABLE", "the chat server cannot be reached; check MOODIFIER_CHAT_URL", {
      cause: error,
    });
  }
}

function refusal(status: number, model: string): ChatError {
  return status >= 500 || status === 429
    ? new ChatError("CHAT_UNAVAILABLE", `the chat server answered HTTP ${status}; try again later`)
    : new ChatError("CHAT_REFUSED", `the chat server refused the request for model "${model}" with HTTP ${status}`);
}

function readReply(answer: unknown): ChatReply {
  const parsed = replySchema.safeParse(answer);
  const choice = parsed.data?.choices[0];
  if (!choice) throw new ChatError("CHAT_REPLY_INVALID", "the chat server's answer has no choices[0].message");
  return { text: choice.message.content ?? "", truncated: choice.finish_reason === "length" };
}
