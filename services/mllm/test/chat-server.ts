import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a chat server was asked. */
export type SeenRequest = { headers: IncomingMessage["headers"]; url: string | undefined; body: ChatBody };

/** The body of a chat request. */
export type ChatBody = {
  model: string;
  temperature: number;
  messages: { role: string; content: string | { type: string; text?: string; image_url?: { url: string } }[] }[];
  response_format?: { type: string; json_schema?: { name: string; strict: boolean; schema: unknown } };
};

/** What it answers. */
export type Answer = { status?: number; body?: string; delayMs?: number };

/** A running chat server. */
export type ChatServer = { url: string; seen: SeenRequest[]; stop(): void };

/** Starts an HTTP server that gives chat answers in order and keeps what it was asked. For tests of the chat adapter. */
export async function serveAnswers(answers: Answer[]): Promise<ChatServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody;
      seen.push({ headers: request.headers, url: request.url, body });
      const answer = answers[seen.length - 1] ?? {};
      await new Promise((resolve) => setTimeout(resolve, answer.delayMs ?? 0));
      response.writeHead(answer.status ?? 200, { "content-type": "application/json" }).end(answer.body ?? "{}");
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen, stop };
}

/** The answer of a model that says `content`. */
export function saying(content: string, finishReason = "stop"): Answer {
  return {
    body: JSON.stringify({ choices: [{ message: { role: "assistant", content }, finish_reason: finishReason }] }),
  };
}
