import { encodePng, resizePicture, type Picture } from "@moodifier/inference";
import { untilAborted } from "@moodifier/service-kit";
import type { Box } from "@moodifier/tensor";
import { ChatError, type ChatReply, type ChatRequest, type VisionChat } from "../vision-chat.ts";
import { anyresTokens, chooseSide } from "./anyres.ts";
import { conventionOf, readBox, type BoxConvention } from "./box-convention.ts";
import { createChatGuard } from "./chat-guard.ts";
import type { OpenAiChatOptions } from "./chat-options.ts";
import { inChatSpan } from "./chat-span.ts";
import { exchange, type ServerReply } from "./chat-transport.ts";
import { probeBoxes } from "./probe-boxes.ts";
import { FormatProbe, mayRefuseFormat, writeFormat, type ResponseFormat } from "./response-format.ts";

/**
 * Talks to any OpenAI-compatible vision chat server (vLLM, SGLang, llama.cpp, Ollama). What the server can do is found out at the first
 * requests: the strongest `response_format` that it accepts, and how its model counts boxes. Neither is trusted: the schema is stated in the
 * system text too and callers validate every reply.
 * @throws RangeError when the settings leave no room for a picture.
 */
export function createOpenAiChat(options: OpenAiChatOptions): VisionChat {
  return new OpenAiChat(options);
}

class OpenAiChat implements VisionChat {
  readonly modelId: string;
  readonly repairs = 1;
  readonly speaksLines = true;
  readonly #options: Required<Omit<OpenAiChatOptions, "key" | "logger" | "format" | "attempts">> & OpenAiChatOptions;
  readonly #formats: FormatProbe;
  readonly #guard;
  readonly #side: number;
  #boxes: Promise<BoxConvention | undefined> | undefined;

  constructor(options: OpenAiChatOptions) {
    const defaults = {
      imageSize: 672,
      imageTokens: 2928,
      maxTokens: 1200,
      stallMs: 20_000,
      stream: true,
      boxes: "probe",
    } as const;
    this.#options = { ...defaults, ...options };
    this.modelId = options.model;
    this.#formats = new FormatProbe(options.format ?? "auto");
    this.#guard = createChatGuard({ attempts: options.attempts ?? 3, logger: options.logger });
    this.#side = chooseSide(this.#options.imageSize, this.#options.imageTokens);
  }

  async complete(request: ChatRequest): Promise<ChatReply> {
    const found = this.#findConvention();
    const convention = await (request.signal ? untilAborted(found, request.signal) : found);
    const { text, refused, finishReason } = await this.#ask(request);
    return {
      text,
      refused,
      truncated: finishReason === "length",
      readBox: (numbers): Box | undefined => readBox(numbers, convention, this.#side, request.frame),
    };
  }

  /** Found once for all callers, so none of them may abort it; a probe that failed is made again with the next question. */
  #findConvention(): Promise<BoxConvention | undefined> {
    const { boxes, logger } = this.#options;
    this.#boxes ??=
      boxes === "probe"
        ? probeBoxes((request) => this.#ask(request), this.#side, logger)
        : Promise.resolve(conventionOf(boxes));
    const found = this.#boxes;
    found.catch(() => {
      if (this.#boxes === found) this.#boxes = undefined;
    });
    return found;
  }

  /** One question: in the accepted format, or in the strongest that turns out to be accepted. */
  async #ask(request: ChatRequest): Promise<ServerReply> {
    const bounds = { signal: request.signal, limit: AbortSignal.timeout(this.#options.timeoutMs) };
    const messages = await writeMessages(request, this.#side);
    const formats = request.form === "lines" ? (["text"] as const) : this.#formats.candidates();
    for (const [index, format] of formats.entries()) {
      try {
        const reply = await this.#guard.run((signal) => this.#send(request, messages, format, signal), bounds);
        if (request.form !== "lines" && this.#formats.accept(format)) {
          const imageTokens = anyresTokens({ width: this.#side, height: this.#side });
          this.#options.logger?.info({ format, side: this.#side, imageTokens }, "the chat server accepts this format");
        }
        return reply;
      } catch (error) {
        const weaker = index + 1 < formats.length;
        if (!(weaker && error instanceof ChatError && mayRefuseFormat(error.status))) throw error;
      }
    }
    throw new RangeError("no format to ask in");
  }

  #send(request: ChatRequest, messages: unknown[], format: ResponseFormat, signal: AbortSignal): Promise<ServerReply> {
    const { url, key, model, maxTokens, stream, stallMs } = this.#options;
    const responseFormat = writeFormat(format, request.schemaName, request.schema);
    const body = {
      model,
      temperature: 0,
      max_tokens: maxTokens,
      messages,
      ...(responseFormat && { response_format: responseFormat }),
      ...(stream && { stream: true, stream_options: { include_usage: true } }),
    };
    const outputType = format === "text" ? "text" : "json";
    return inChatSpan({ url, model, maxTokens, outputType }, () =>
      exchange({ url, key, model, body, stallMs, signal }),
    );
  }
}

async function writeMessages({ system, messages, image }: ChatRequest, side: number): Promise<unknown[]> {
  const picture: Picture = await resizePicture(image, side, side);
  const png = await encodePng(picture);
  const part = { type: "image_url", image_url: { url: `data:image/png;base64,${png.toString("base64")}` } };
  return [
    { role: "system", content: system },
    ...messages.map(({ role, text }, index) => ({
      role,
      content: index === 0 ? [{ type: "text", text }, part] : text,
    })),
  ];
}
