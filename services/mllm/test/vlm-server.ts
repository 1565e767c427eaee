import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeImage, type Model } from "@moodifier/inference";
import { openOnnxVlm } from "../src/chat/onnx-vlm.ts";
import { narrowSchema } from "../src/chat/reply-schema.ts";
import { normaliseBox } from "../src/plan/boxes.ts";
import type { ChatBody } from "./chat-server.ts";

/** How one request is answered badly; `say` changes the model's own reply before it is sent. */
export type Misdeed = {
  /** Answers this status at once, with these headers. */
  status?: number;
  headers?: Record<string, string>;
  /** Changes what the model said. */
  say?: (reply: string) => string;
  /** Says this and does not ask the model. */
  instead?: string;
  /** Sends the reply in OpenAI's refusal field. */
  refuse?: boolean;
  /** Sends half of the stream, then nothing for this long, milliseconds. */
  stallMs?: number;
  /** Sends half of the stream, then closes the connection. */
  cut?: boolean;
};

/** A running server. */
export type VlmServer = {
  url: string;
  seen: ChatBody[];
  /** Misdeeds of the next requests, in order; afterwards it behaves. */
  misdeeds: Misdeed[];
  /** Formats that it refuses with HTTP 400. */
  unknownFormats: Set<string>;
  stop(): void;
};

/**
 * An OpenAI-compatible chat server in front of the model family's real planner: it reads the picture from the data URI and the schema from
 * `response_format`, as llama.cpp does. Box probes (a schema named "box") are answered with the model's fraction convention.
 */
export async function serveVlm(model: Model): Promise<VlmServer> {
  const vlm = await openOnnxVlm(model);
  const state: Omit<VlmServer, "url" | "stop"> = { seen: [], misdeeds: [], unknownFormats: new Set() };
  let schema: unknown;

  async function reply(body: ChatBody): Promise<string> {
    if (body.response_format?.json_schema?.name === "box")
      return JSON.stringify({ box: normaliseBox([0.5, 0.3, 0.75, 0.45]) });
    const first = body.messages.find(({ role }) => role === "user");
    const [text, image] = (first?.content ?? []) as { text?: string; image_url?: { url: string } }[];
    const picture = await decodeImage(Buffer.from(image?.image_url?.url.split(",")[1] ?? "", "base64"));
    const question = (text?.text ?? "").split("\n")[0] ?? "";
    const answer = await vlm.complete({
      system: "",
      messages: [{ role: "user", text: question }],
      image: picture,
      schema: narrowSchema(schema),
      schemaName: "reply",
    });
    return answer.text;
  }

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody & { stream?: boolean };
      state.seen.push(body);
      // Without a schema the real model would say anything; this one remembers the last that it was given.
      schema = body.response_format?.json_schema?.schema ?? schema;
      const misdeed = state.misdeeds.shift() ?? {};
      if (misdeed.status !== undefined) return void response.writeHead(misdeed.status, misdeed.headers).end("no");
      if (state.unknownFormats.has(body.response_format?.type ?? "text")) {
        return void response.writeHead(400).end('{"error":{"message":"response_format is not supported"}}');
      }
      const said = misdeed.instead ?? (await reply(body));
      const text = misdeed.say?.(said) ?? said;
      if (body.stream) await stream(response, text, misdeed);
      else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole(text, misdeed)));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, ...state, stop };
}

function whole(text: string, { refuse }: Misdeed): unknown {
  const message = refuse ? { role: "assistant", content: null, refusal: text } : { role: "assistant", content: text };
  return {
    model: "mini-vlm",
    choices: [{ message, finish_reason: "stop" }],
    usage: { prompt_tokens: 70, completion_tokens: 90 },
  };
}

async function stream(response: ServerResponse, text: string, misdeed: Misdeed): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (chunk: unknown) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const delta = (part: string) => (misdeed.refuse ? { refusal: part } : { content: part });
  const half = Math.ceil(text.length / 2);
  send({ model: "mini-vlm", choices: [{ delta: delta(text.slice(0, half)) }] });
  if (misdeed.cut) return void setTimeout(() => response.destroy(), 20);
  if (misdeed.stallMs !== undefined) await new Promise((resolve) => setTimeout(resolve, misdeed.stallMs));
  send({ choices: [{ delta: delta(text.slice(half)) }] });
  send({ choices: [{ delta: {}, finish_reason: "stop" }] });
  send({ choices: [], usage: { prompt_tokens: 70, completion_tokens: 90 } });
  response.end("data: [DONE]\n\n");
}
