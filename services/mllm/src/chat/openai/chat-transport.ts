import { createParser } from "eventsource-parser";
import { z } from "zod";
import { ChatError } from "../vision-chat.ts";

/** What a server said, with what it reports about the work. */
export type ServerReply = {
  text: string;
  /** The server declined in the form that the API has for it. */
  refused: boolean;
  finishReason: string | undefined;
  model: string | undefined;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
};

/** One HTTP exchange. */
export type Exchange = {
  url: string;
  key: string | undefined;
  model: string;
  body: Record<string, unknown>;
  /** Longest silence inside a streamed reply, milliseconds. */
  stallMs: number;
  signal: AbortSignal;
};

const usage = z.object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish();
const part = z.object({ content: z.string().nullish(), refusal: z.string().nullish() });
const fields = { model: z.string().nullish(), usage };
const wholeSchema = z.object({
  ...fields,
  choices: z.array(z.object({ message: part, finish_reason: z.string().nullish() })).min(1),
});
const chunkSchema = z.object({
  ...fields,
  choices: z.array(z.object({ delta: part.nullish(), finish_reason: z.string().nullish() })),
  error: z.unknown().optional(),
});

/**
 * Asks once. Reads a stream of events or, from servers that do not stream, one JSON answer.
 * @throws ChatError; the signal's reason when it aborts.
 */
export async function exchange(call: Exchange): Promise<ServerReply> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (call.key) headers["authorization"] = `Bearer ${call.key}`;
  try {
    const response = await fetch(`${call.url.replace(/\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify(call.body),
      signal: call.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw refuseStatus(response, call.model);
    }
    const streamed = response.headers.get("content-type")?.includes("text/event-stream") && response.body;
    return streamed ? await readStream(streamed, call.stallMs) : readWhole(await response.json());
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof ChatError) throw error;
    if (error instanceof SyntaxError) {
      throw new ChatError("CHAT_REPLY_INVALID", "the chat server's answer is not JSON", { cause: error });
    }
    const text = "the chat server cannot be reached or closed the connection; check MOODIFIER_CHAT_URL";
    throw new ChatError("CHAT_UNAVAILABLE", text, { cause: error });
  }
}

function refuseStatus({ status, headers }: Response, model: string): ChatError {
  if (status >= 500 && status !== 501) {
    return new ChatError("CHAT_UNAVAILABLE", `the chat server answered HTTP ${status}; try again later`, {
      status,
      retryAfterMs: readPause(headers),
    });
  }
  if (status === 429 || status === 408) {
    const text = `the chat server is busy (HTTP ${status}); try again later`;
    return new ChatError("CHAT_UNAVAILABLE", text, { status, retryAfterMs: readPause(headers) });
  }
  const text = `the chat server refused the request for model "${model}" with HTTP ${status}`;
  return new ChatError("CHAT_REFUSED", text, { status });
}

/** Retry-After in milliseconds: seconds or a date (RFC 9110). */
function readPause(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const pause = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(pause) ? Math.max(0, pause) : undefined;
}

function readWhole(answer: unknown): ServerReply {
  const parsed = wholeSchema.safeParse(answer);
  const choice = parsed.data?.choices[0];
  if (!parsed.data || !choice) {
    throw new ChatError("CHAT_REPLY_INVALID", "the chat server's answer has no choices[0].message");
  }
  const { content, refusal } = choice.message;
  return {
    text: content ?? refusal ?? "",
    refused: Boolean(refusal) || choice.finish_reason === "content_filter",
    finishReason: choice.finish_reason ?? undefined,
    ...readCounts(parsed.data),
  };
}

function readCounts(answer: z.infer<typeof chunkSchema> | z.infer<typeof wholeSchema>) {
  return {
    model: answer.model ?? undefined,
    inputTokens: answer.usage?.prompt_tokens ?? undefined,
    outputTokens: answer.usage?.completion_tokens ?? undefined,
  };
}

async function readStream(body: ReadableStream<Uint8Array>, stallMs: number): Promise<ServerReply> {
  const reply: ServerReply = {
    text: "",
    refused: false,
    finishReason: undefined,
    ...readCounts({ choices: [] }),
  };
  const progress = { ended: false };
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") progress.ended = true;
      else addChunk(reply, data);
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    while (!progress.ended) {
      const { done, value } = await readWithin(reader, stallMs);
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (!progress.ended && reply.finishReason === undefined) {
    throw new ChatError("CHAT_UNAVAILABLE", "the chat server closed the stream before its reply was complete");
  }
  return reply;
}

function addChunk(reply: ServerReply, data: string): void {
  const parsed = chunkSchema.safeParse(JSON.parse(data));
  if (!parsed.success || parsed.data.error !== undefined) {
    throw new ChatError("CHAT_REPLY_INVALID", "the chat server's stream holds something else than chat chunks");
  }
  const choice = parsed.data.choices[0];
  const { content, refusal } = choice?.delta ?? {};
  reply.text += content ?? refusal ?? "";
  reply.refused ||= Boolean(refusal) || choice?.finish_reason === "content_filter";
  reply.finishReason = choice?.finish_reason ?? reply.finishReason;
  const counts = readCounts(parsed.data);
  reply.model = counts.model ?? reply.model;
  reply.inputTokens = counts.inputTokens ?? reply.inputTokens;
  reply.outputTokens = counts.outputTokens ?? reply.outputTokens;
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, stallMs: number) {
  let timer: NodeJS.Timeout | undefined;
  const stall = new Promise<never>((_, reject) => {
    const text = `the chat server's reply stalled for ${stallMs} ms`;
    timer = setTimeout(() => reject(new ChatError("CHAT_TIMEOUT", text)), stallMs);
  });
  try {
    return await Promise.race([reader.read(), stall]);
  } finally {
    clearTimeout(timer);
  }
}
