import { encodePng } from "@moodifier/inference";
import { mllm } from "@moodifier/proto";
import { createClient, MoodError } from "@moodifier/service-kit";
import { render, sample, type AnyFaceScene } from "@moodifier/world";
import { ArchiveError } from "../archive-error.ts";
import { SERVICE_RETRY } from "../run/service-retry.ts";

/** An annotation as the model gave it, not yet checked. */
export type RawAnnotation = Pick<mllm.AnnotateResponse, "summary" | "stimuli" | "overall" | "emotion" | "modelId">;

/** Describes pictures. */
export interface Annotator {
  /** Name, and digest where it has one, of the model that answers. Costs one annotation. */
  identify(signal?: AbortSignal): Promise<string>;
  /** The model's reply, or why it has none for this picture. Throws when the model cannot be asked at all. */
  annotate(
    image: { readonly bytes: Uint8Array; readonly mediaType: string },
    signal: AbortSignal | undefined,
  ): Promise<RawAnnotation | { readonly refused: string; readonly detail: string }>;
  /** Visible descriptors of an emotion in a context, most typical first. */
  expand(emotion: string, context: string, signal?: AbortSignal): Promise<readonly string[]>;
  close(): void;
}

/** Errors that say something about the picture or the reply, not about the service. */
const ABOUT_THE_PICTURE = new Set(["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "DATA_LOSS"]);

/** The planner service at host:port. */
export function connectAnnotator(address: string, deadlineMs = 300_000): Annotator {
  const client = createClient(mllm.PlannerClient, address, { deadlineMs, retry: SERVICE_RETRY });
  const fail = (error: MoodError): never => {
    const text = `mllm at ${address}: ${error.message}; what is done so far is kept, run the command again`;
    throw new ArchiveError("SERVICE_FAILED", text, { cause: error });
  };
  const annotate: Annotator["annotate"] = async ({ bytes, mediaType }, signal) => {
    try {
      const image = { data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), mediaType };
      return await client.annotate({ image }, { signal });
    } catch (error) {
      if (!(error instanceof MoodError)) throw error;
      const replyInvalid = error.reason.startsWith("CHAT_REPLY");
      if (replyInvalid || ABOUT_THE_PICTURE.has(error.code)) return { refused: error.reason, detail: error.message };
      return fail(error);
    }
  };
  return {
    annotate,
    identify: async (signal) => {
      const image = await drawKnownPicture();
      let refusal = "";
      for (let attempt = 0; attempt < 3; attempt++) {
        const reply = await annotate(image, signal);
        if (!("refused" in reply)) return reply.modelId;
        refusal = `${reply.refused}: ${reply.detail}`;
      }
      throw new ArchiveError("SERVICE_FAILED", `mllm at ${address} cannot describe a plain face: ${refusal}`);
    },
    expand: async (emotion, context, signal) =>
      (await client.expandEmotion({ emotion, context }, { signal })).descriptors,
    close: () => client.close(),
  };
}

/** A picture that every planner can describe: only who answers is of interest. */
async function drawKnownPicture(): Promise<{ bytes: Uint8Array; mediaType: string }> {
  const { width, height, picture } = render(sample(1, { category: "face" }) as AnyFaceScene, 256);
  return { bytes: await encodePng({ width, height, channels: 3, data: picture }), mediaType: "image/png" };
}
