import { resizePicture, toTensor, type Model } from "@moodifier/inference";
import { asFloat32 } from "@moodifier/tensor";
import { normaliseBox } from "../plan/boxes.ts";
import { PlannerDecoder } from "./planner-decoder.ts";
import type { VisionChat } from "./vision-chat.ts";

/**
 * Opens the planner of a model family, LLaVA in miniature: vision tower and projector (`planner_vision`) before a causal decoder. Replies
 * always follow the schema. The template was trained on single user turns without system text: the system text is ignored and there is
 * nothing to repair.
 * @throws TypeError when the manifest describes no planner; whatever opening the sessions throws.
 */
export async function openOnnxVlm(model: Model): Promise<VisionChat> {
  const { image, id, version } = model.manifest;
  const tower = image.planner;
  if (!tower) throw new TypeError(`the manifest of model ${id} lacks image.planner`);
  const [vision, decoder] = await Promise.all([model.session("planner_vision"), PlannerDecoder.open(model)]);
  return {
    modelId: `${id}-planner@${version}`,
    repairs: 0,
    // The tower began as CLIP's, which saw every picture mirrored too: the planner hardly tells left from right.
    roughBoxes: true,
    async complete({ messages, image: picture, schema, likely, signal }) {
      const [question, ...more] = messages;
      if (question?.role !== "user" || more.length > 0)
        throw new TypeError("the planner answers exactly one user turn");
      const pixels = toTensor(await resizePicture(picture, tower.size, tower.size), tower);
      const { image_tokens, domain_distance } = await vision.run({ pixel_values: pixels }, { signal });
      const reply = await decoder.reply(asFloat32(image_tokens, "image_tokens"), question.text, schema, {
        likely,
        signal,
      });
      const domainDistance = domain_distance && asFloat32(domain_distance, "domain_distance").data[0];
      return { ...reply, domainDistance, readBox: normaliseBox };
    },
  };
}
