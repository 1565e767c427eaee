// The calls that the gateway makes for an edit, without the gateway: the baseline.
import { clip, diffusion, mllm } from "@moodifier/proto";
import { createClient } from "@moodifier/service-kit";

let clients;

/** Plans, encodes and edits one picture. */
export async function editBare({ mllmAddress, clipAddress, diffusionAddress }, picture) {
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

/** Does the work so often, some at a time; the milliseconds that each took. */
export async function repeat(count, concurrency, work) {
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
