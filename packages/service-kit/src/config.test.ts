import { describe, expect, it } from "vitest";
import { z } from "zod";
import { environmentName, loadConfig, modelSettings, serviceSettings } from "./config.ts";
import { MoodError } from "./errors/mood-error.ts";

const schema = z.object({ ...serviceSettings, ...modelSettings, apiKey: z.string().min(8) });

describe("loadConfig", () => {
  it("reads settings by their environment names, with defaults", () => {
    const config = loadConfig(schema, {
      MOODIFIER_MODEL_DIR: "models/mini",
      MOODIFIER_PORT: "7003",
      MOODIFIER_API_KEY: "12345678",
      MOODIFIER_REFLECTION: "true",
      MOODIFIER_THREADS: "",
    });
    expect(config).toMatchObject({
      modelDir: "models/mini",
      port: 7003,
      host: "127.0.0.1",
      reflection: true,
      threads: 1,
      maxQueue: 16,
    });
  });

  it("lists all faults and prints no value", () => {
    const env = { MOODIFIER_PORT: "hunter2", MOODIFIER_LOG_LEVEL: "hunter3", MOODIFIER_API_KEY: "hunter4" };
    const error = (() => {
      try {
        loadConfig(schema, env);
        return undefined;
      } catch (caught) {
        return caught as MoodError;
      }
    })();
    expect(error).toBeInstanceOf(MoodError);
    expect(error?.reason).toBe("CONFIG_INVALID");
    for (const name of [
      "MOODIFIER_PORT",
      "MOODIFIER_LOG_LEVEL",
      "MOODIFIER_API_KEY",
      "MOODIFIER_MODEL_DIR: required",
    ]) {
      expect(error?.message).toContain(name);
    }
    expect(error?.message).not.toContain("hunter");
  });

  it("names variables", () => {
    expect(environmentName("modelDir")).toBe("MOODIFIER_MODEL_DIR");
  });
});
