import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { float32, int64, zeros, type Tensor } from "@moodifier/tensor";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Manifest } from "../manifest/manifest-schema.ts";
import { openModel, type Model, type ModelOptions } from "./model.ts";

const TINY = fileURLToPath(new URL("../../../../tests/golden/tiny", import.meta.url));

interface Golden {
  readonly tolerance: number;
  readonly cases: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly embedding: number[];
    readonly lastState: number[];
  }[];
}
const GOLDEN = new URL("../../../../tests/golden/text-encoder.json", import.meta.url);
const golden = JSON.parse(await readFile(GOLDEN, "utf8")) as Golden;

/** Largest absolute difference. */
const differ = (actual: Tensor["data"], expected: ArrayLike<number>) =>
  Math.max(...Array.from(expected, (value, i) => Math.abs(value - Number(actual[i]))));

const opened: Model[] = [];
async function open(dir = TINY, options: ModelOptions = { threads: 1 }): Promise<Model> {
  const model = await openModel(dir, options);
  opened.push(model);
  return model;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((model) => model.close()));
});

/** A VAE picture large enough that decoding it takes some tenths of a second. */
const slowFeeds = () => ({ latent: zeros("float32", [4, 4, 96, 96]) });
const ids = (...values: number[]) => int64([1, values.length], values);

/** The tiny model in a folder of its own, its manifest changed. */
async function changedCopy(change: (manifest: Manifest) => void): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "moodifier-model-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  await cp(TINY, dir, { recursive: true });
  const path = join(dir, "manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
  return dir;
}

/** Collects the worker threads that start from now on. */
function watchWorkers(): Worker[] {
  const workers: Worker[] = [];
  const note = (worker: Worker) => workers.push(worker);
  process.on("worker", note);
  onTestFinished(() => void process.off("worker", note));
  return workers;
}

describe("run", () => {
  let model: Model;
  beforeAll(async () => {
    model = await openModel(TINY, { threads: 1 });
  });
  afterAll(() => model.close());

  test("gives the same outputs each time and leaves the feeds alone", async () => {
    const session = await model.session("text_encoder");
    const feeds = { input_ids: ids(1024, 5, 6, 1025) };
    const first = await session.run(feeds);
    const second = await session.run(feeds, { outputs: ["text_embeds"] });
    expect(first["hidden_states"]?.dims).toEqual([1, 4, 16]);
    expect(Object.keys(second)).toEqual(["text_embeds"]);
    expect(second["text_embeds"]).toEqual(first["text_embeds"]);
    expect(feeds.input_ids.data).toHaveLength(4);
  });

  test.each([true, false])(
    "equals eager PyTorch on the golden texts, tokenizer included (prepack %s)",
    async (prepack) => {
      const other = await open(TINY, { threads: 1, prepack });
      const [session, tokenizer] = await Promise.all([other.session("text_encoder"), other.tokenizer("clip")]);
      for (const { text, ids: expectedIds, embedding, lastState } of golden.cases) {
        const tokens = tokenizer.encode(text).ids;
        expect(tokens).toEqual(expectedIds);
        const outputs = await session.run({ input_ids: ids(...tokens) });
        expect(differ(outputs["text_embeds"]!.data, embedding)).toBeLessThan(golden.tolerance);
        expect(differ(outputs["hidden_states"]!.data.slice(-lastState.length), lastState)).toBeLessThan(
          golden.tolerance,
        );
      }
    },
  );

  test("a view of a larger buffer is sent as just its values", async () => {
    const session = await model.session("vae_decoder");
    const pool = new Float32Array(1000).fill(9);
    const view: Tensor = { dtype: "float32", dims: [1, 4, 2, 2], data: pool.subarray(100, 116).fill(0.5) };
    const alone = float32([1, 4, 2, 2], Array(16).fill(0.5));
    expect(await session.run({ latent: view })).toEqual(await session.run({ latent: alone }));
    expect(pool).toHaveLength(1000);
  });

  test.each<[string, Record<string, Tensor>, RegExp]>([
    ["a missing input", {}, /input "input_ids" is missing \(expected int64 \[batch,length\]\)/],
    [
      "another dtype",
      { input_ids: zeros("float32", [1, 4]) },
      /"input_ids" must be int64 \[batch,length\], got float32 \[1,4\]/,
    ],
    ["another rank", { input_ids: zeros("int64", [4]) }, /must be int64 \[batch,length\], got int64 \[4\]/],
    ["an unknown input", { input_ids: ids(1), ids: ids(1) }, /unknown input "ids" \(the graph has input_ids\)/],
  ])("refuses %s before anything runs", async (_, feeds, message) => {
    const session = await model.session("text_encoder");
    await expect(session.run(feeds)).rejects.toMatchObject({
      reason: "FEED_INVALID",
      message: expect.stringMatching(message),
    });
  });

  test("refuses named dims that disagree, fixed dims and unknown outputs", async () => {
    const segmenter = await model.session("segmenter");
    const feeds = {
      pixel_values: zeros("float32", [1, 3, 64, 65]),
      prompt: zeros("float32", [1, 2, 64, 64]),
      label: int64([1], [0]),
    };
    await expect(segmenter.run(feeds)).rejects.toThrow(
      /"pixel_values" must be float32 \[1,3,64,64\], got float32 \[1,3,64,65\]/,
    );
    const text = await model.session("text_encoder");
    await expect(text.run({ input_ids: ids(1) }, { outputs: ["pooled"] })).rejects.toThrow(
      /no such output: pooled; the graph has hidden_states/,
    );
    const denoiser = await model.session("denoiser");
    const batch = { sample: zeros("float32", [2, 4, 4, 4]), timestep: zeros("int64", [1]) };
    await expect(denoiser.run(batch)).rejects.toThrow(
      /"timestep" must be int64 \[batch\], got int64 \[1\], while batch is 2 in "sample"/,
    );
  });
});

describe("openState", () => {
  test("a decoder fed piece by piece equals one that gets all at once", async () => {
    const session = await (await open()).session("planner_decoder");
    const past = { past_keys: zeros("float32", [2, 2, 0, 8]), past_values: zeros("float32", [2, 2, 0, 8]) };
    const image = float32(
      [1, 3, 16],
      Array.from({ length: 48 }, (_, i) => Math.sin(i)),
    );
    const none = zeros("float32", [1, 0, 16]);
    const whole = await session.run({ image_tokens: image, input_ids: ids(0, 7, 9, 11), ...past });

    const state = session.openState({ present_keys: "past_keys", present_values: "past_values" });
    await expect(state.run({ image_tokens: image, input_ids: ids(0) })).rejects.toThrow(/"past_keys" is missing/);
    const first = await state.run({ image_tokens: image, input_ids: ids(0, 7), ...past });
    expect(Object.keys(first)).toEqual(["logits"]);
    await state.run({ image_tokens: none, input_ids: ids(9) });
    const last = await state.run({ image_tokens: none, input_ids: ids(11) }, { outputs: ["logits", "present_keys"] });
    expect(last["present_keys"]?.dims).toEqual([2, 2, 7, 8]);
    const expected = (whole["logits"]!.data as Float32Array).subarray(3 * 384);
    expect(differ(last["logits"]!.data, expected)).toBeLessThan(1e-4);

    await state.run({ image_tokens: none, input_ids: ids(5, 6, 8) });
    const again = await state.run({ image_tokens: none, input_ids: ids(11) }, { rewind: 4, outputs: ["logits"] });
    expect(differ(again["logits"]!.data, expected)).toBeLessThan(1e-4);
    await expect(state.run({ image_tokens: none, input_ids: ids(1) }, { rewind: 8 })).rejects.toMatchObject({
      reason: "FEED_INVALID",
      message: expect.stringContaining("cannot rewind 8 of 7"),
    });

    state.close();
    state.close();
    await expect(state.run({ image_tokens: none, input_ids: ids(1) })).rejects.toMatchObject({
      reason: "MODEL_CLOSED",
    });
  });

  test("refuses names that the graph lacks", async () => {
    const session = await (await open()).session("planner_decoder");
    expect(() => session.openState({ keys: "past_keys" })).toThrow(/no such output: keys/);
    expect(() => session.openState({ present_keys: "keys" })).toThrow(/no such input to carry into: keys/);
  });
});

describe("abort", () => {
  test("rejects at once, queued or running, and the model goes on", async () => {
    const model = await open();
    const session = await model.session("vae_decoder");
    const [running, queued] = [new AbortController(), new AbortController()];
    const runs = [
      session.run(slowFeeds(), { signal: running.signal }),
      session.run(slowFeeds(), { signal: queued.signal }),
      session.run(slowFeeds()),
    ];
    let finished = false;
    void runs[2]!.finally(() => {
      finished = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    queued.abort(new Error("changed my mind"));
    running.abort();
    await expect(runs[1]).rejects.toThrow("changed my mind");
    await expect(runs[0]).rejects.toMatchObject({ name: "AbortError" });
    expect(finished).toBe(false);
    expect((await runs[2]!)["pixel_values"]?.dims).toEqual([4, 3, 768, 768]);
    await expect(session.run(slowFeeds(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("worker", () => {
  test("its death rejects all that wait; the next use starts another; kept state is lost", async () => {
    const workers = watchWorkers();
    const model = await open();
    const session = await model.session("vae_decoder");
    const decoder = await model.session("planner_decoder");
    const state = decoder.openState({ present_keys: "past_keys", present_values: "past_values" });
    const empty = zeros("float32", [2, 2, 0, 8]);
    const step = { image_tokens: zeros("float32", [1, 0, 16]), input_ids: ids(0) };
    await state.run({ ...step, past_keys: empty, past_values: empty });

    // The thread ends itself ahead of the runs. Ending it from outside during a native run aborts the whole process.
    workers[0]!.postMessage({ kind: "exit" });
    const runs = [session.run(slowFeeds()), session.run(slowFeeds())];
    const outcomes = Promise.allSettled(runs);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { name: "InferenceError", reason: "WORKER_FAILED" },
      });
    }
    await expect(session.run({ latent: zeros("float32", [1, 4, 2, 2]) })).resolves.toHaveProperty("pixel_values");
    await expect(state.run(step)).rejects.toMatchObject({ reason: "STATE_LOST" });
    expect(workers).toHaveLength(2);
  });

  test("five models start and stop at once, three times over", async () => {
    const workers = watchWorkers();
    for (let round = 0; round < 3; round++) {
      const models = await Promise.all(
        Array.from({ length: 5 }, () => openModel(TINY, { threads: 1, roles: ["text_encoder"] })),
      );
      const outputs = await Promise.all(
        models.map(async (model) => (await model.session("text_encoder")).run({ input_ids: ids(1, 2) })),
      );
      expect(new Set(outputs.map((output) => output["text_embeds"]!.data.join())).size).toBe(1);
      await Promise.all(models.map((model) => model.close()));
    }
    expect(workers).toHaveLength(15);
  });

  test("close rejects what waits, ends the thread and is final", async () => {
    const workers = watchWorkers();
    const model = await open();
    const session = await model.session("vae_decoder");
    const runs = Promise.allSettled([session.run(slowFeeds()), session.run(slowFeeds())]);
    await Promise.all([model.close(), model.close()]);
    for (const outcome of await runs) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "MODEL_CLOSED" } });
    }
    expect(workers[0]!.threadId).toBe(-1);
    await expect(session.run(slowFeeds())).rejects.toMatchObject({ reason: "MODEL_CLOSED" });
    await expect(model.session("text_encoder")).rejects.toMatchObject({ reason: "MODEL_CLOSED" });
  });
});

describe("openModel", () => {
  test("names the model by the digest of its manifest and refuses unknown roles", async () => {
    const model = await open();
    expect(model.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(model.manifest.family).toBe("tiny");
    expect(model.has("denoiser")).toBe(true);
    expect(model.has("toString")).toBe(false);
    await expect(model.session("upscaler")).rejects.toMatchObject({
      reason: "ROLE_UNKNOWN",
      message: expect.stringContaining("text_encoder"),
    });
    await expect(openModel(TINY, { threads: 0 })).rejects.toThrow(/threads must be a whole number >= 1, got 0/);
    await expect(openModel(join(TINY, "nowhere"))).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
  });

  test("shares one load of a session and of a tokenizer", async () => {
    const model = await open();
    expect(model.session("text_encoder")).toBe(model.session("text_encoder"));
    const tokenizer = await model.tokenizer("clip");
    expect(await model.tokenizer("clip")).toBe(tokenizer);
    expect(tokenizer.encode("joy").ids.at(-1)).toBe(1025);
    expect((await model.tokenizer("planner")).padToken).toBe(3);
  });

  test("refuses a graph whose bytes changed", async () => {
    const dir = await changedCopy(() => {});
    const graph = await readFile(join(dir, "text_encoder.onnx"));
    graph[graph.length - 100]! ^= 1;
    await writeFile(join(dir, "text_encoder.onnx"), graph);
    await expect(openModel(dir, { roles: ["text_encoder"] })).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
    const model = await open(dir);
    await expect(model.session("image_encoder")).resolves.toHaveProperty("role", "image_encoder");
    await rm(join(dir, "vae_encoder.onnx"));
    await expect(model.session("vae_encoder")).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
  });

  test("refuses a tokenizer whose bytes changed, and accepts it again once it is whole", async () => {
    const dir = await changedCopy(() => {});
    const path = join(dir, "tokenizer/clip/merges.txt");
    const whole = await readFile(path, "utf8");
    await writeFile(path, `${whole} `);
    const model = await open(dir);
    await expect(model.tokenizer("clip")).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
    await writeFile(path, whole);
    await expect(model.tokenizer("clip")).resolves.toHaveProperty("maxLength", 248);
  });

  test("refuses a graph that is not the one described", async () => {
    const dir = await changedCopy(({ graphs }) => {
      graphs["text_encoder"]!.inputs["mask"] = { dtype: "int64", dims: ["batch"] };
      graphs["text_encoder"]!.outputs["text_embeds"]!.dims = ["batch", 17];
      delete graphs["text_encoder"]!.outputs["hidden_states"];
    });
    const model = await open(dir);
    const error = await model.session("text_encoder").catch((fault: unknown) => fault);
    expect(error).toMatchObject({ reason: "GRAPH_INVALID" });
    expect(String(error)).toMatch(/input "mask" should be int64 \[batch\], the graph has nothing/);
    expect(String(error)).toMatch(
      /output "text_embeds" should be float32 \[batch,17\], the graph has float32 \[batch,16\]/,
    );
    expect(String(error)).toMatch(/output "hidden_states" is not in the manifest/);
  });
});
