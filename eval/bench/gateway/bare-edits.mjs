// The calls that the gateway makes for an edit, without the gateway: the baseline.
import { clip, diffusion, mllm } from "@moodifier/proto";
import { createClient } from "@moodifier/service-kit";

const opened = new Map();

/** Clients of the services, kept. */
function clientsOf({ mllmAddress, clipAddress, diffusionAddress }) {
  const made = opened.get(diffusionAddress) ?? {
    mllm: createClient(mllm.PlannerClient, mllmAddress),
    clip: createClient(clip.EncoderClient, clipAddress),
    diffusion: createClient(diffusion.EditorClient, diffusionAddress),
  };
  opened.set(diffusionAddress, made);
  return made;
}

/** Plans, encodes and edits one picture. */
export async function editBare(addresses, picture) {
  const open = await editOf(addresses, picture);
  for await (const { event } of open()) void event;
}

/** Plans and encodes one picture; the function that it resolves with edits it, as often as it is called. */
export async function editOf(addresses, picture, steps) {
  const clients = clientsOf(addresses);
  const image = { data: picture, mediaType: "image/png" };
  const { plan } = await clients.mllm.planEdit({ image, emotion: "joy", intensity: 0.8 });
  const texts = ["", plan.sourceCaption, plan.targetPrompt];
  const { states, tokens } = await clients.clip.encodeText({ texts, output: clip.TextOutput.TOKENS, truncate: false });
  const text = { states, source: tokens[1], target: tokens[2] };
  const sampling = { seed: 0n, previewEvery: 0, steps };
  return (signal) => clients.diffusion.edit({ image, plan, text, sampling, method: "" }, { signal });
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
