import { EmotionError, findEmotion } from "@moodifier/emotion";
import { expect, test } from "vitest";
import { ChatError } from "./chat/vision-chat.ts";
import { mapError } from "./planner-service.ts";

test("a chat server that wants a pause says so to the caller, in whole seconds", () => {
  const busy = new ChatError("CHAT_UNAVAILABLE", "the chat server is busy", { status: 429, retryAfterMs: 1200 });
  expect(mapError(busy)).toMatchObject({
    code: "UNAVAILABLE",
    reason: "CHAT_UNAVAILABLE",
    message: "the chat server is busy",
    details: { retryAfterSeconds: 2 },
  });
  expect(mapError(new ChatError("CHAT_UNAVAILABLE", "no connection"))).toBeUndefined();
});

test("an unknown emotion carries the names that were probably meant", () => {
  let unknown: unknown;
  try {
    findEmotion("happyness");
  } catch (error) {
    unknown = error;
  }
  expect(unknown).toBeInstanceOf(EmotionError);
  expect(mapError(unknown)).toMatchObject({
    code: "INVALID_ARGUMENT",
    details: { near: expect.arrayContaining(["joy"]) },
  });
});
