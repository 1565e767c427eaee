// From the request to cancel an edit to its freed place in a real editor that runs one edit at a time, against one denoising step of the same run: a call that waits for the place tells when it is free.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { editOf } from "./bare-edits.mjs";
import { quantile, round, summarize } from "./figures.mjs";
import { openBenchDatabase } from "./open-database.mjs";
import { startGateway, startMini } from "./processes.mjs";

const steps = 50;

export async function measureCancel(kind, count) {
  const { settings, stop } = await openBenchDatabase(kind);
  const services = await startMini();
  const { addresses, picture } = services;
  const storage = mkdtempSync(join(tmpdir(), "moodifier-cancel-"));
  let gateway;
  try {
    gateway = await startGateway(addresses, { ...settings, storage });
    const open = await editOf(addresses, picture, steps);
    const stepMs = await timeSteps(open);
    const freed = [];
    while (freed.length < count) {
      const ms = await cancelOne(gateway.url, picture, open, stepMs);
      // Below 0 the edit had ended by itself.
      if (ms > 0) freed.push(ms);
    }
    return { cancel_to_free_ms: summarize(freed), step_ms: round(stepMs) };
  } finally {
    await gateway?.stop();
    services.stop();
    await stop();
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Median milliseconds of a step. */
async function timeSteps(open) {
  const times = [];
  for await (const { event } of open()) if (event.$case === "progress") times.push(performance.now());
  return quantile(
    times.slice(1).map((time, index) => time - times[index]),
    0.5,
  );
}

/** Cancels an edit at a random moment of its first half. */
async function cancelOne(url, picture, open, stepMs) {
  const form = new FormData();
  form.set("image", new Blob([picture]));
  form.set("emotion", "joy");
  form.set("steps", String(steps));
  const { urls } = await (await fetch(`${url}/v1/edits`, { method: "POST", body: form })).json();
  await untilEditing(urls.events);
  const leave = new AbortController();
  const waiting = untilAccepted(open(leave.signal));
  await sleep(50 + Math.random() * (steps / 4) * stepMs);
  const began = performance.now();
  const answer = await fetch(urls.cancel, { method: "POST" });
  const { status } = await answer.json();
  const freed = (await waiting) - began;
  leave.abort();
  if (freed > 0 && status !== "cancelled") throw new Error(`${answer.status}: the edit is ${status}`);
  return freed;
}

async function untilEditing(url) {
  const response = await fetch(url);
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/"step":[1-9]/.test(text)) return;
  }
  throw new Error("the edit ended before its first step");
}

async function untilAccepted(events) {
  for await (const { event } of events) if (event.$case === "accepted") return performance.now();
  throw new Error("the editor took no call");
}
