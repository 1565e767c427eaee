// Planner, encoder and editor in this process, over gRPC as in production, for evaluation.
import * as clipService from "@moodifier/clip";
import * as diffusionService from "@moodifier/diffusion";
import * as mllmService from "@moodifier/mllm";
import { clip, diffusion, mllm } from "@moodifier/proto";
import { createClient, createLogger } from "@moodifier/service-kit";

/**
 * Starts the three model services on free ports.
 * @param {{ modelDir: string, threads: number }} options
 * @returns `plan(request)` -> EditPlan; `edit(image, plan, { sampling, method })` -> EditResult; `stop()`.
 */
export async function startEditing({ modelDir, threads }) {
  const shared = { host: "127.0.0.1", port: 0, modelDir, threads };
  const logger = createLogger({ service: "eval", level: "warn", destination: process.stderr });
  const services = await Promise.all(
    [mllmService, clipService, diffusionService].map(({ start, configSchema }) =>
      start(configSchema.parse(shared), { logger }),
    ),
  );
  const [planner, encoder, editor] = [mllm.PlannerClient, clip.EncoderClient, diffusion.EditorClient].map(
    (client, at) => createClient(client, services[at].address),
  );
  return {
    plan: async (request) => (await planner.planEdit(request)).plan,
    async edit(image, plan, { sampling = {}, method = "" } = {}) {
      const texts = ["", plan.sourceCaption, plan.targetPrompt];
      const { states, tokens } = await encoder.encodeText({ texts, output: clip.TextOutput.TOKENS, truncate: true });
      const text = { states, source: tokens[1], target: tokens[2] };
      for await (const { event } of editor.edit({ image, plan, text, sampling, method })) {
        if (event?.$case === "result") return event.value;
      }
      throw new Error("the editor ended without a result");
    },
    async stop() {
      for (const client of [planner, encoder, editor]) client.close();
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}
