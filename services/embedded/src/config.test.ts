import { loadConfig } from "@moodifier/service-kit";
import { expect, test } from "vitest";
import { configSchema } from "./config.ts";

const env = { MOODIFIER_MODEL_DIR: "models/mini" };

test("a chat server without its URL and model is a fault of the configuration", () => {
  expect(() => loadConfig(configSchema, { ...env, MOODIFIER_CHAT: "openai" })).toThrow(
    expect.objectContaining({
      reason: "CONFIG_INVALID",
      details: {
        faults: [
          "MOODIFIER_CHAT_URL: needed when MOODIFIER_CHAT is openai",
          "MOODIFIER_CHAT_MODEL: needed when MOODIFIER_CHAT is openai",
        ],
      },
    }),
  );
  expect(loadConfig(configSchema, env).chat).toBe("onnx");
});
