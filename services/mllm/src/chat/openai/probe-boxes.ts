import type { Logger } from "@moodifier/service-kit";
import { ChatError, type ChatRequest } from "../vision-chat.ts";
import { judgeProbe, paintProbe, PROBE, type BoxConvention } from "./box-convention.ts";
import type { ServerReply } from "./chat-transport.ts";
import { narrowSchema } from "../reply-schema.ts";

const SCHEMA = narrowSchema({
  type: "object",
  properties: {
    box: {
      type: "array",
      items: { type: "number", minimum: 0, maximum: 0.99, multipleOf: 0.01 },
      minItems: 4,
      maxItems: 4,
    },
  },
  required: ["box"],
});

/**
 * Asks for the box of a red rectangle whose place is known. Undefined when the answer fits no convention or is not usable: boxes are then
 * read by their range.
 * @throws ChatError when the server cannot be asked at all.
 */
export async function probeBoxes(
  ask: (request: ChatRequest) => Promise<ServerReply>,
  side: number,
  logger: Logger | undefined,
): Promise<BoxConvention | undefined> {
  let text = "";
  try {
    ({ text } = await ask({
      system:
        'Reply with one JSON object: {"box": [x0, y0, x1, y1]}, fractions of width and height from the top left corner.',
      messages: [{ role: "user", text: "Where is the red rectangle?" }],
      image: paintProbe(),
      frame: PROBE.frame,
      schema: SCHEMA,
      schemaName: "box",
    }));
  } catch (error) {
    if (!(error instanceof ChatError) || error.reason !== "CHAT_REPLY_INVALID") throw error;
  }
  const numbers = (text.match(/-?\d+(\.\d+)?/g) ?? []).slice(0, 4).map(Number);
  const convention = numbers.length === 4 ? judgeProbe(numbers, side) : undefined;
  if (convention) logger?.info({ boxes: convention }, "the chat server's way to count boxes");
  else
    logger?.warn("the chat server's answer to the box probe fits no known way to count; boxes are read by their range");
  return convention;
}
