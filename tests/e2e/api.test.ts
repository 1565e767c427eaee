import { setTimeout as sleep } from "node:timers/promises";
import type { RunningStack } from "@moodifier/embedded";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Edit, formOf, getBytes, getJson, makeEdit, postEdit } from "./client.ts";
import { drawFace, drawMask, readPixels } from "./fixtures.ts";
import { startStack } from "./stack.ts";

let stack: RunningStack;
let face: Buffer;

beforeAll(async () => {
  stack = await startStack();
  face = await drawFace();
}, 120_000);

afterAll(() => stack.stop());

/** Denoising steps that the editor has run so far, seen from outside: the newest progress event. */
async function stepOf(edit: Edit): Promise<number> {
  return (await getJson<Edit>(edit.urls.self)).progress.step;
}

async function untilEditing(edit: Edit): Promise<void> {
  for (let tries = 0; tries < 2000; tries += 1) {
    if ((await stepOf(edit)) > 0) return;
    await sleep(10);
  }
  throw new Error("the edit did not begin");
}

describe("an edit", () => {
  it("goes through all four services and leaves the rest of the picture alone", async () => {
    const mask = await drawMask(256, 256, [0.25, 0.5, 0.75, 0.8]);
    const edit = await makeEdit(stack.url, { image: face, mask, emotion: "joy", steps: "4", seed: "7" });
    expect(edit).toMatchObject({
      status: "succeeded",
      progress: { step: 4, steps: 4, percentage: 100 },
      plan: { mask_source: "user" },
    });
    expect(edit.outside_mask).toMatchObject({ max_abs_diff: 0, changed_px: 0 });
    expect(edit.outside_mask.total_px).toBeGreaterThan(0);
    expect(edit.recipe).toMatchObject({ seed: "7", steps: 4 });
    expect(edit.plan.target_prompt).toContain("joy");
    const [before, after] = await Promise.all([readPixels(face), getBytes(edit.urls.result).then(readPixels)]);
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    let changed = 0;
    for (let pixel = 0; pixel < before.width * before.height; pixel += 1) {
      const at = pixel * 3;
      const same = before.data.subarray(at, at + 3).equals(after.data.subarray(at, at + 3));
      if (same) continue;
      changed += 1;
      // The feather reaches a few pixels over the mask's edge.
      const y = Math.floor(pixel / before.width);
      expect(y).toBeGreaterThan(0.5 * 256 - 24);
      expect(y).toBeLessThan(0.8 * 256 + 24);
    }
    expect(changed).toBeGreaterThan(0);
  });

  it("gives the same bytes for the same recipe, and other bytes for another seed", async () => {
    const fields = { image: face, emotion: "surprise", steps: "3" };
    const edits = [
      await makeEdit(stack.url, { ...fields, seed: "1" }),
      await makeEdit(stack.url, { ...fields, seed: "1" }),
      await makeEdit(stack.url, { ...fields, seed: "2" }),
    ];
    const [first, second, third] = await Promise.all(edits.map(({ urls }) => getBytes(urls.result)));
    expect(first?.equals(second as Buffer)).toBe(true);
    expect(first?.equals(third as Buffer)).toBe(false);
  });

  it("can be asked for in JSON", async () => {
    const body = {
      image: { data: face.toString("base64"), media_type: "image/png" },
      emotion: "fear",
      intensity: 0.5,
      steps: 2,
      region: "mouth",
    };
    const response = await fetch(`${stack.url}/v1/edits`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", Prefer: "wait=60" },
    });
    expect(response.status).toBe(201);
    const edit = (await response.json()) as Edit;
    expect(edit.plan.regions.map(({ label }) => label)).toEqual(["mouth"]);
  });

  it("can be followed by events, with previews, and resumed", async () => {
    const response = await postEdit(stack.url, { image: face, emotion: "joy", steps: "4", preview_every: "2" });
    expect(response.status).toBe(202);
    const edit = (await response.json()) as Edit;
    const text = await (await fetch(edit.urls.events)).text();
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    const statuses = [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status);
    expect([...new Set(statuses)]).toEqual(["queued", "planning", "encoding", "editing", "finishing", "succeeded"]);
    const previews = [...text.matchAll(/^event: preview\ndata: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? "") as { image: { data: string } },
    );
    const [preview] = previews;
    expect((await readPixels(Buffer.from(preview?.image.data ?? "", "base64"))).width).toBeGreaterThan(0);
    const resumed = await (
      await fetch(edit.urls.events, { headers: { "Last-Event-ID": String(ids.length - 1) } })
    ).text();
    expect([...resumed.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([ids.length]);
  });

  it("stops within a step when it is cancelled", async () => {
    const edit = (await (await postEdit(stack.url, { image: face, emotion: "anger", steps: "50" })).json()) as Edit;
    await untilEditing(edit);
    const cancelled = (await (await fetch(edit.urls.cancel, { method: "POST" })).json()) as Edit;
    expect(cancelled).toMatchObject({ status: "cancelled", stage: "editing" });
    expect(cancelled.progress.step).toBeLessThan(50);
    // The editor takes one edit at a time: that the next one is quick shows that the cancelled one has let go.
    const next = await makeEdit(stack.url, { image: face, emotion: "joy", steps: "1" });
    expect(next.status).toBe("succeeded");
    expect(await stepOf(edit)).toBe(cancelled.progress.step);
  });

  it("stops when the client that waits for it goes away", async () => {
    const leaving = new AbortController();
    const waiting = postEdit(
      stack.url,
      { image: face, emotion: "anger", steps: "50" },
      { prefer: "wait=60", signal: leaving.signal },
    );
    const gone = expect(waiting).rejects.toThrow();
    await sleep(300);
    leaving.abort();
    await gone;
    const next = await makeEdit(stack.url, { image: face, emotion: "joy", steps: "1" });
    expect(next.status).toBe("succeeded");
  });
});

describe("a plan", () => {
  it("comes with its overlay", async () => {
    const form = formOf({ image: face, emotion: "gratitude", overlay: "true" });
    const response = await fetch(`${stack.url}/v1/plans`, { method: "POST", body: form });
    expect(response.status).toBe(201);
    const { plan, overlay } = (await response.json()) as { plan: Edit["plan"]; overlay: { data: string } };
    expect(plan.regions.length).toBeGreaterThan(0);
    const { width, height } = await readPixels(Buffer.from(overlay.data, "base64"));
    expect([width, height]).toEqual([256, 256]);
  });
});
