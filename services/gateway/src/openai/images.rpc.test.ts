import { createHash } from "node:crypto";
import { encodePng } from "@moodifier/inference";
import OpenAI, { BadRequestError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawPicture, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { readPromptEmotion } from "./prompt-emotion.ts";

let gateway: GatewayUnderTest;
let client: OpenAI;
let picture: Buffer;

beforeAll(async () => {
  gateway = await startGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "unused", maxRetries: 0 });
  picture = await drawPicture(48, 32);
});
afterAll(() => gateway.stop());

const png = (data = picture, name = "in.png") => toFile(data, name, { type: "image/png" });
const lastEdit = () => gateway.services.record.edits.at(-1);

describe("the official OpenAI client", () => {
  it("gets a picture for a prompt that names an emotion", async () => {
    const answer = await client.images.edit({
      image: await png(),
      prompt: "Make this person look full of joy",
      model: "moodifier",
    });
    expect(answer.created).toBeGreaterThan(1_700_000_000);
    expect(answer.data).toHaveLength(1);
    const data = Buffer.from(answer.data?.[0]?.b64_json ?? "", "base64");
    expect(data.subarray(1, 4).toString()).toBe("PNG");
    expect(gateway.services.record.plans.at(-1)).toMatchObject({ emotion: "joy" });
  });

  it("may send a list with one picture, n, a quality, a format and our own fields", async () => {
    const extra = { emotion: "sadness", intensity: 0.5, seed: 7 };
    const before = gateway.services.record.edits.length;
    const answer = await client.images.edit({
      image: [await png()],
      prompt: "anything",
      n: 2,
      quality: "high",
      output_format: "jpeg",
      output_compression: 80,
      ...extra,
    });
    expect(answer.data).toHaveLength(2);
    for (const { b64_json: text } of answer.data ?? []) {
      expect(
        Buffer.from(text ?? "", "base64")
          .subarray(0, 3)
          .toString("hex"),
      ).toBe("ffd8ff");
    }
    const edits = gateway.services.record.edits.slice(before);
    expect(edits.map(({ sampling }) => sampling?.seed).toSorted()).toEqual([7n, 8n]);
    expect(edits[0]?.sampling?.steps).toBe(16);
    expect(gateway.services.record.plans.at(-1)).toMatchObject({ emotion: "sadness", intensity: 0.5 });
  });

  it("gets the same pictures again for one Idempotency-Key, also when it left before they were done", async () => {
    const before = gateway.services.record.edits.length;
    gateway.services.script.stepMs = 300;
    const ask = async (signal?: AbortSignal) => {
      const request = { image: await png(), prompt: "joy", n: 2, seed: 40 } as const;
      return client.images.edit(request, { headers: { "Idempotency-Key": "pair" }, ...(signal && { signal }) });
    };
    const leaving = new AbortController();
    const left = ask(leaving.signal).catch(() => "left");
    await expect.poll(() => gateway.services.record.edits.length, { timeout: 60_000 }).toBe(before + 2);
    leaving.abort();
    expect(await left).toBe("left");
    gateway.services.script.stepMs = 1;
    for (let time = 0; time < 2; time += 1) expect((await ask()).data).toHaveLength(2);
    const seeds = gateway.services.record.edits.slice(before).map(({ sampling }) => sampling?.seed);
    expect(seeds.toSorted()).toEqual([40n, 41n]);
  });

  it("sends its masks: transparent may change", async () => {
    const data = new Uint8Array(48 * 32 * 4).fill(255);
    for (let pixel = 0; pixel < 48 * 16; pixel++) data[pixel * 4 + 3] = 0;
    const mask = await encodePng({ width: 48, height: 32, channels: 4, data });
    await client.images.edit({ image: await png(), mask: await png(mask, "mask.png"), prompt: "joy" });
    const { decodeMask } = await import("@moodifier/inference");
    const sent = await decodeMask(lastEdit()?.plan?.maskPng ?? Buffer.alloc(0));
    expect([sent.data[0], sent.data[48 * 32 - 1]]).toEqual([1, 0]);
  });

  it("gets links when it asks for them", async () => {
    const answer = await client.images.edit({ image: await png(), prompt: "joy", response_format: "url" });
    const response = await fetch(answer.data?.[0]?.url ?? "");
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(
      createHash("sha256")
        .update(Buffer.from(await response.arrayBuffer()))
        .digest("hex"),
    ).toHaveLength(64);
  });

  it.each([
    [{ prompt: "make it nicer" }, "EMOTION_MISSING", "prompt"],
    [{ prompt: "from sadness to joy" }, "EMOTION_AMBIGUOUS", "prompt"],
    [{ prompt: "joy", n: 9 }, "FIELD_INVALID", "n"],
    [{ prompt: "joy", size: "1024x1024" as const }, "FIELD_INVALID", "size"],
    [{ prompt: "joy", background: "transparent" as const }, "FIELD_INVALID", "background"],
    [{ prompt: "joy", model: "gpt-image-1" }, "FIELD_INVALID", "model"],
    [{ prompt: "joy", output_compression: 50 }, "OUTPUT_OPTION_UNSUPPORTED", "output_quality"],
  ])("is told what was wrong: %j", async (fields, code, param) => {
    const failing = client.images.edit({ image: await png(), ...fields });
    await expect(failing).rejects.toBeInstanceOf(BadRequestError);
    await expect(failing).rejects.toMatchObject({ status: 400, code, param, type: "invalid_request_error" });
  });

  it("is told when its mask has no alpha, and when it asks for a stream", async () => {
    const failing = client.images.edit({ image: await png(), mask: await png(), prompt: "joy" });
    await expect(failing).rejects.toMatchObject({ status: 400, code: "MASK_NEEDS_ALPHA", param: "mask" });
    const stream = client.images.edit({ image: await png(), prompt: "joy", stream: true });
    await expect(stream).rejects.toMatchObject({ status: 400, code: "FIELD_UNKNOWN", param: "stream" });
  });
});

describe("the emotion of a prompt", () => {
  it.each([
    ["Joy!", "joy"],
    ["a bag full of ANGER", "anger"],
    ["the enjoyable vase of grief", "grief"],
  ])("%s", (prompt, emotion) => {
    expect(readPromptEmotion(prompt)).toBe(emotion);
  });
});
