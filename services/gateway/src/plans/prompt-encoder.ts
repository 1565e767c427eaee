import { clip, type common, type diffusion } from "@moodifier/proto";
import type { CallOptions } from "@moodifier/service-kit";
import { type Backends, callBackend } from "../backends/backends.ts";
import { contentKey, type ContentCache } from "./content-cache.ts";

/** Encodes the prompts of plans, each pair of them once. */
export class PromptEncoder {
  readonly #backends: Backends;
  readonly #cache: ContentCache;

  constructor(backends: Backends, cache: ContentCache) {
    this.#backends = backends;
    this.#cache = cache;
  }

  /** Token states of the empty text, the source caption and the target prompt. */
  async encode(plan: common.EditPlan, options: CallOptions): Promise<diffusion.TextStates> {
    const texts = ["", plan.sourceCaption, plan.targetPrompt];
    const bytes = await this.#cache.find("text", contentKey(texts), async () => {
      const request = { texts, output: clip.TextOutput.TOKENS, truncate: false };
      const answer = await callBackend("clip", () => this.#backends.clip.encodeText(request, options));
      return { model: answer.modelId, value: Buffer.from(clip.EncodeTextResponse.encode(answer).finish()) };
    });
    const { states, tokens } = clip.EncodeTextResponse.decode(bytes);
    return { states, source: tokens[1], target: tokens[2] };
  }
}
