import { describe, expect, it } from "vitest";
import { encodePng } from "@moodifier/inference";
import { createModeration, moderatedState } from "./moderation.ts";
import { openModeration } from "./open-moderation.ts";
import type { SafetyPolicy } from "./safety-config.ts";

const picture = await encodePng({ width: 8, height: 8, channels: 3, data: new Uint8Array(192) });

/** Moderation whose classifier answers `score`. */
function moderate(score: number | Error, safetyInput: SafetyPolicy, safetyOutput: SafetyPolicy) {
  const asked: number[] = [];
  const classifier = {
    score: ({ width }: { width: number }) => {
      asked.push(width);
      return score instanceof Error ? Promise.reject(score) : Promise.resolve(score);
    },
    close: () => Promise.resolve(),
  };
  return { asked, moderation: createModeration(classifier, { safetyInput, safetyOutput, safetyThreshold: 0.8 }) };
}

describe("moderation", () => {
  it("asks nothing about a side that is off", async () => {
    const { moderation, asked } = moderate(1, "off", "block");
    expect(await moderation.check("input", picture)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("lets pass below the threshold; from it on flags or blocks, each side by its own policy", async () => {
    expect(await moderate(0.79, "block", "block").moderation.check("input", picture)).toEqual([]);
    const { moderation, asked } = moderate(0.8, "flag", "block");
    expect(await moderation.check("input", picture)).toMatchObject([{ code: "INPUT_FLAGGED" }]);
    expect(asked).toEqual([8]);
    const refused = await moderation.check("output", picture).catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "OUTPUT_MODERATED" });
    expect(moderatedState(refused)).toBe("output_moderated");
    const blocked = await moderate(0.9, "block", "off")
      .moderation.check("input", picture)
      .catch((error: unknown) => error);
    expect(blocked).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INPUT_MODERATED" });
    expect(moderatedState(blocked)).toBe("input_moderated");
    expect(moderatedState(new Error("other"))).toBeUndefined();
  });

  it("fails closed: what can't be judged does not pass", async () => {
    const { moderation } = moderate(new Error("worker died"), "flag", "flag");
    await expect(moderation.check("input", picture)).rejects.toThrow("worker died");
    await expect(moderation.check("input", Buffer.from("no picture"))).rejects.toMatchObject({
      reason: "IMAGE_UNSUPPORTED",
    });
  });

  it("needs its model under any policy but off", async () => {
    const off = { safetyInput: "off", safetyOutput: "off", safetyThreshold: 0.8 } as const;
    expect(await (await openModeration(off)).check("input", picture)).toEqual([]);
    const flag = { ...off, safetyInput: "flag" } as const;
    await expect(openModeration(flag)).rejects.toMatchObject({ reason: "CONFIG_INVALID" });
    await expect(openModeration({ ...flag, safetyModel: "/nowhere.onnx" })).rejects.toMatchObject({
      reason: "MODEL_NOT_FOUND",
    });
  });
});
