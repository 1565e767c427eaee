import { createPicture, decodeImage } from "@moodifier/inference";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { saying, serveAnswers, type Answer, type ChatServer, type SeenRequest } from "../../../test/chat-server.ts";
import { askUntilValid } from "../ask-until-valid.ts";
import { createOpenAiChat } from "./openai-chat.ts";
import { narrowSchema } from "../reply-schema.ts";
import type { ChatRequest } from "../vision-chat.ts";

let server: ChatServer | undefined;

afterEach(() => server?.stop());

async function serve(answers: Answer[]): Promise<ChatServer> {
  server = await serveAnswers(answers);
  return server;
}

const shape = z.object({ mood: z.enum(["joy", "fear"]) });

function ask(signal?: AbortSignal): ChatRequest {
  const data = new Uint8Array(12 * 12 * 3).fill(200);
  return {
    system: "Be brief.",
    messages: [{ role: "user", text: "Which mood?" }],
    image: createPicture({ width: 12, height: 12, channels: 3, data }),
    schema: narrowSchema(z.toJSONSchema(shape)),
    schemaName: "mood",
    signal,
  };
}

function validate(text: string) {
  return text.startsWith("{") ? { value: text } : { problems: ["it is not a JSON object"] };
}

const options = { model: "llava", timeoutMs: 2000, imageSize: 24, boxes: "detect", attempts: 1 } as const;

test("a request carries the texts, the picture as a data URI, the strict nested schema and the key", async () => {
  const { url, seen } = await serve([saying('{"mood":"joy"}')]);
  const reply = await createOpenAiChat({ ...options, url, key: "secret" }).complete(ask());
  expect(reply).toMatchObject({ text: '{"mood":"joy"}', truncated: false, refused: false });

  const [{ headers, url: path, body } = {} as SeenRequest] = seen;
  expect(path).toBe("/v1/chat/completions");
  expect(headers.authorization).toBe("Bearer secret");
  expect(body).toMatchObject({ model: "llava", temperature: 0 });
  expect(body.response_format).toEqual({
    type: "json_schema",
    json_schema: {
      name: "mood",
      strict: true,
      schema: {
        type: "object",
        properties: { mood: { type: "string", enum: ["joy", "fear"] } },
        required: ["mood"],
        additionalProperties: false,
      },
    },
  });
  expect(body.messages[0]).toEqual({ role: "system", content: "Be brief." });
  const [text, image] = (body.messages[1]?.content ?? []) as { text?: string; image_url?: { url: string } }[];
  expect(text?.text).toBe("Which mood?");
  const [head, base64 = ""] = image?.image_url?.url.split(",") ?? [];
  expect(head).toBe("data:image/png;base64");
  expect(await decodeImage(Buffer.from(base64, "base64"))).toMatchObject({ width: 24, height: 24 });
});

test("an invalid reply is shown to the model once, and the last verdict counts", async () => {
  const { url, seen } = await serve([
    saying("I think it is joyful."),
    saying('{"mood":"joy"}'),
    saying("no"),
    saying("no"),
    saying("still no"),
  ]);
  const chat = createOpenAiChat({ ...options, url });
  const { messages: _, ...request } = ask();
  const repaired = await askUntilValid(chat, { ...request, question: "Which mood?" }, validate);
  expect(repaired).toMatchObject({ value: '{"mood":"joy"}', problems: [] });
  expect(seen[1]?.body.messages.slice(2)).toEqual([
    { role: "assistant", content: "I think it is joyful." },
    { role: "user", content: expect.stringContaining("it is not a JSON object") },
  ]);
  const lost = await askUntilValid(chat, { ...request, question: "Which mood?" }, validate);
  expect(lost).toMatchObject({ value: undefined, rawReply: "still no", problems: ["it is not a JSON object"] });
  expect(seen).toHaveLength(5);
  expect(seen[4]?.body.response_format).toBeUndefined();
});

test("a reply that was cut says so", async () => {
  const { url } = await serve([saying('{"mood', "length")]);
  expect(await createOpenAiChat({ ...options, url }).complete(ask())).toMatchObject({ truncated: true });
});

test.each([
  [{ status: 503 }, "CHAT_UNAVAILABLE", /HTTP 503/],
  [{ status: 429 }, "CHAT_UNAVAILABLE", /HTTP 429/],
  [{ status: 401 }, "CHAT_REFUSED", /model "llava" with HTTP 401/],
  [{ body: "<html>" }, "CHAT_REPLY_INVALID", /not JSON/],
  [{ body: '{"choices":[]}' }, "CHAT_REPLY_INVALID", /choices/],
])("the answer %o fails with %s", async (answer, reason, message) => {
  const { url } = await serve([answer]);
  const chat = createOpenAiChat({ ...options, url });
  await expect(chat.complete(ask())).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
});

test("a slow server times out, an unreachable one is named by its setting", async () => {
  const { url } = await serve([{ delayMs: 1000 }]);
  await expect(createOpenAiChat({ ...options, url, timeoutMs: 50 }).complete(ask())).rejects.toMatchObject({
    reason: "CHAT_TIMEOUT",
    code: "UNAVAILABLE",
  });
  await expect(createOpenAiChat({ ...options, url: "http://127.0.0.1:1/v1" }).complete(ask())).rejects.toMatchObject({
    reason: "CHAT_UNAVAILABLE",
    message: expect.stringContaining("MOODIFIER_CHAT_URL"),
  });
});

test("a caller may leave while the server is still asked how its model counts boxes", async () => {
  const { url, seen } = await serve([{ delayMs: 60_000 }]);
  const controller = new AbortController();
  const chat = createOpenAiChat({ ...options, url, boxes: "probe", timeoutMs: 60_000 });
  const reply = chat.complete(ask(controller.signal));
  setTimeout(() => controller.abort(new Error("gone")), 30);
  await expect(reply).rejects.toThrow("gone");
  expect(seen.length).toBeLessThanOrEqual(1);
});

test("an aborted request throws the signal's reason", async () => {
  const { url } = await serve([{ delayMs: 1000 }]);
  const controller = new AbortController();
  const reply = createOpenAiChat({ ...options, url }).complete(ask(controller.signal));
  setTimeout(() => controller.abort(new Error("gone")), 30);
  await expect(reply).rejects.toThrow("gone");
});
