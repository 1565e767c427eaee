// What the gateway adds to the three calls of an edit, with pictures of 1 MB; the bare calls are the baseline of the same run.
import { clip, diffusion, mllm } from "@moodifier/proto";
import { createClient } from "@moodifier/service-kit";
import { round, summarize } from "./figures.mjs";
import { cpuSeconds, residentMiB, startGateway, startServices } from "./processes.mjs";

const width = 4;

export async function measureOverhead(count) {
  const services = await startServices(600, 1, 0);
  const { addresses, picture } = services;
  // Each edit is planned and encoded anew: an answer from the cache would flatter.
  const gateway = await startGateway(addresses, { concurrency: width, cacheBytes: 0, maxQueue: 1000 });
  try {
    const edit = () => postEdit(gateway.url, picture);
    await repeat(10, 1, edit);
    await repeat(10, 1, () => editBare(addresses, picture));
    const bare = await repeat(count, 1, () => editBare(addresses, picture));
    const through = await repeat(count, 1, edit);
    const cpuBefore = cpuSeconds(gateway.pid);
    const began = performance.now();
    await repeat(count, width, edit);
    const seconds = (performance.now() - began) / 1000;
    const cpu = cpuSeconds(gateway.pid) - cpuBefore;
    const [own, theirs] = [summarize(through), summarize(bare)];
    return {
      picture_bytes: picture.length,
      bare_ms: theirs,
      gateway_ms: own,
      added_ms: { p50: round(own.p50 - theirs.p50), p99: round(own.p99 - theirs.p99) },
      requests_per_s: round(count / seconds),
      requests_per_cpu_second: round(count / cpu),
      resident_mib: Math.round(residentMiB(gateway.pid)),
    };
  } finally {
    await gateway.stop();
    services.stop();
  }
}

async function repeat(count, concurrency, work) {
  const times = [];
  await Promise.all(
    Array.from({ length: concurrency }, async (_, lane) => {
      for (let index = lane; index < count; index += concurrency) {
        const began = performance.now();
        await work();
        times.push(performance.now() - began);
      }
    }),
  );
  return times;
}

async function postEdit(url, picture) {
  const form = new FormData();
  form.set("image", new Blob([picture]));
  form.set("emotion", "joy");
  const answer = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { Prefer: "wait=60" } });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { urls } = await answer.json();
  await (await fetch(urls.result)).arrayBuffer();
}

let clients;

/** The calls that the gateway makes for an edit. */
async function editBare({ mllmAddress, clipAddress, diffusionAddress }, picture) {
  clients ??= {
    mllm: createClient(mllm.PlannerClient, mllmAddress),
    clip: createClient(clip.EncoderClient, clipAddress),
    diffusion: createClient(diffusion.EditorClient, diffusionAddress),
  };
  const image = { data: picture, mediaType: "image/png" };
  const { plan } = await clients.mllm.planEdit({ image, emotion: "joy", intensity: 0.8 });
  const texts = ["", plan.sourceCaption, plan.targetPrompt];
  const { states, tokens } = await clients.clip.encodeText({ texts, output: clip.TextOutput.TOKENS, truncate: false });
  const text = { states, source: tokens[1], target: tokens[2] };
  const sampling = { seed: 0n, previewEvery: 0 };
  for await (const { event } of clients.diffusion.edit({ image, plan, text, sampling, method: "" })) void event;
}
