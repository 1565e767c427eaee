import { createPicture } from "@moodifier/inference";
import { planQuestion } from "./chat/prompts.ts";
import { narrowSchema } from "./chat/reply-schema.ts";
import type { PlanningParts } from "./plan/plan-edit.ts";

/** Runs every graph once on a grey picture, so that the first request does not pay for first runs. */
export async function warmUp({ chat, segmenter }: PlanningParts): Promise<void> {
  const picture = createPicture({ width: 8, height: 8, channels: 3, data: new Uint8Array(8 * 8 * 3).fill(128) });
  const schema = narrowSchema({
    type: "object",
    properties: { kind: { type: "string", enum: ["shape", "style"] } },
    required: ["kind"],
  });
  await chat.complete({
    system: "",
    messages: [{ role: "user", text: planQuestion({ emotion: "joy", intensity: 0.8 }) }],
    image: picture,
    schema,
    schemaName: "warm_up",
  });
  await segmenter?.draw(picture, [{ box: [0.25, 0.25, 0.75, 0.75] }]);
}
