import { SpanKind, SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import { ChatError } from "../vision-chat.ts";
import type { ServerReply } from "./chat-transport.ts";

/** What a chat span says about its request; names of OpenTelemetry's GenAI conventions. No text and no picture is recorded. */
export type SpanFacts = { url: string; model: string; maxTokens: number; outputType: "json" | "text" };

/** Runs `work` in a client span `chat MODEL` and records what the server reports. */
export async function inChatSpan(facts: SpanFacts, work: (span: Span) => Promise<ServerReply>): Promise<ServerReply> {
  const { hostname, port, protocol } = new URL(facts.url);
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": facts.model,
    "gen_ai.request.temperature": 0,
    "gen_ai.request.max_tokens": facts.maxTokens,
    "gen_ai.output.type": facts.outputType,
    "server.address": hostname,
    "server.port": Number(port || (protocol === "https:" ? 443 : 80)),
  };
  return trace
    .getTracer("moodifier")
    .startActiveSpan(`chat ${facts.model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      try {
        const reply = await work(span);
        if (reply.model !== undefined) span.setAttribute("gen_ai.response.model", reply.model);
        if (reply.finishReason !== undefined) span.setAttribute("gen_ai.response.finish_reasons", [reply.finishReason]);
        if (reply.inputTokens !== undefined) span.setAttribute("gen_ai.usage.input_tokens", reply.inputTokens);
        if (reply.outputTokens !== undefined) span.setAttribute("gen_ai.usage.output_tokens", reply.outputTokens);
        return reply;
      } catch (error) {
        const type = error instanceof ChatError ? error.reason : error instanceof Error ? error.name : "unknown";
        span.setAttribute("error.type", type);
        span.setStatus({ code: SpanStatusCode.ERROR, message: type });
        throw error;
      } finally {
        span.end();
      }
    });
}
