import { setTimeout as sleep } from "node:timers/promises";
import { createPicture } from "@moodifier/inference";
import { expect, test } from "vitest";
import { poolChats } from "./chat-pool.ts";
import { narrowSchema } from "./reply-schema.ts";
import type { ChatRequest, VisionChat } from "./vision-chat.ts";

const request: ChatRequest = {
  system: "",
  messages: [{ role: "user", text: "hello" }],
  image: createPicture({ width: 1, height: 1, channels: 3, data: new Uint8Array(3) }),
  schema: narrowSchema({ type: "object", properties: { a: { type: "string" } }, required: ["a"] }),
  schemaName: "test",
};

/** Says its name after a while; counts how many questions it has at once. */
function slowChat(name: string): VisionChat & { most: number } {
  let now = 0;
  const chat = {
    modelId: "slow",
    repairs: 0,
    most: 0,
    async complete() {
      chat.most = Math.max(chat.most, ++now);
      await sleep(5);
      now--;
      if (name === "broken") throw new Error("broken");
      return { text: name, truncated: false, readBox: () => undefined };
    },
  };
  return chat;
}

test("questions at once go to copies of their own", async () => {
  const [a, b] = [slowChat("a"), slowChat("b")];
  const pool = poolChats([a, b]);
  for (let turn = 0; turn < 3; turn++) {
    const replies = await Promise.all([pool.complete(request), pool.complete(request)]);
    expect(replies.map(({ text }) => text).toSorted()).toEqual(["a", "b"]);
  }
  expect([a.most, b.most]).toEqual([1, 1]);
});

test("a copy that failed is free again", async () => {
  const pool = poolChats([slowChat("broken")]);
  await expect(pool.complete(request)).rejects.toThrow("broken");
  await expect(pool.complete(request)).rejects.toThrow("broken");
});

test("more questions than copies are refused", async () => {
  const pool = poolChats([slowChat("a")]);
  const first = pool.complete(request);
  await expect(pool.complete(request)).rejects.toThrow("all 1 copies of slow are busy");
  await first;
});
