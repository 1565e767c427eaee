import { MoodError } from "@moodifier/service-kit";
import { describe, expect, it } from "vitest";
import { editFieldsSchema } from "../edits/edit-fields.ts";
import { checkFields } from "./checked-fields.ts";
import type { RequestBody } from "./upload.ts";

const textual = (fields: Record<string, unknown>): RequestBody => ({ fields, files: {}, textual: true });
const json = (fields: Record<string, unknown>): RequestBody => ({ fields, files: {}, textual: false });

function refusal(body: RequestBody): MoodError {
  try {
    checkFields(editFieldsSchema, body);
  } catch (error) {
    if (error instanceof MoodError) return error;
  }
  throw new Error("nothing was refused");
}

describe("checkFields", () => {
  it("reads numbers from text only where a number is wanted", () => {
    const fields = checkFields(
      editFieldsSchema,
      textual({ emotion: "joy", intensity: "0.5", steps: "7", region: "7", seed: "12" }),
    );
    expect(fields).toMatchObject({ intensity: 0.5, steps: 7, region: "7", seed: 12n, preview_every: 0 });
  });

  it("keeps every bit of a seed", () => {
    expect(checkFields(editFieldsSchema, json({ emotion: "joy", seed: "18446744073709551615" })).seed).toBe(
      2n ** 64n - 1n,
    );
    expect(checkFields(editFieldsSchema, json({ emotion: "joy" })).seed).toBe(0n);
  });

  it.each([
    [
      json({ emotion: "joy", intensity: 1.5 }),
      "FIELD_INVALID",
      "intensity: expected a number, at least 0 and at most 1, got 1.5.",
    ],
    [
      textual({ emotion: "joy", intensity: "much" }),
      "FIELD_INVALID",
      'intensity: expected a number, at least 0 and at most 1, got "much".',
    ],
    [
      json({ emotion: "joy", intensity: "0.5" }),
      "FIELD_INVALID",
      'intensity: expected a number, at least 0 and at most 1, got "0.5".',
    ],
    [
      json({ emotion: "joy", steps: 2.5 }),
      "FIELD_INVALID",
      "steps: expected an integer, at least 1 and at most 50, got 2.5.",
    ],
    [
      json({ emotion: "joy", guidance_scale: 1 }),
      "FIELD_INVALID",
      "guidance_scale: expected a number, above 1 and at most 15, got 1.",
    ],
    [
      json({ emotion: "joy", seed: "18446744073709551616" }),
      "FIELD_INVALID",
      'seed: expected an integer 0..2^64-1, got "18446744073709551616".',
    ],
    [json({ emotion: "joy", seed: -1 }), "FIELD_INVALID", "seed: expected an integer 0..2^64-1, got -1."],
    [json({}), "FIELD_MISSING", "emotion: expected text of 1 to 64 characters, got nothing."],
  ])("refuses %j", (body, reason, message) => {
    expect(refusal(body)).toMatchObject({ code: "INVALID_ARGUMENT", reason, message });
  });

  it("names an unknown field and the known ones", () => {
    const { reason, details } = refusal(json({ emotion: "joy", intensty: 1 }));
    expect(reason).toBe("FIELD_UNKNOWN");
    expect(details["argument"]).toBe("intensty");
    expect(details["expected"]).toContain("intensity");
  });

  it("lists every fault", () => {
    const { details } = refusal(json({ emotion: "", category: "car", colour: "red" }));
    const errors = details["errors"] as { pointer: string }[];
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(["/category", "/colour", "/emotion"]);
  });
});
