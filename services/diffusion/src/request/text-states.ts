import type { Manifest } from "@moodifier/inference";
import type { clip, diffusion } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import type { TokenText } from "../attention/word-tokens.ts";

/** The three texts of an edit, encoded. */
export interface TextSide {
  /** Tokens with padding. */
  readonly length: number;
  readonly width: number;
  /** `[3, length, width]`: unconditional, source, target. */
  readonly data: Float32Array;
  readonly source: TokenText;
  readonly target: TokenText;
}

/** A start and an end token at least. */
const FEWEST_TOKENS = 2;

/** Checks dims, byte count, values and tokens against the model. Throws MoodError TEXT_STATES_INVALID or TEXT_TOKENS_INVALID. */
export function readTextStates(text: diffusion.TextStates | undefined, manifest: Manifest): TextSide {
  const { width, maxLength } = manifest.text;
  const dims = text?.states?.dims ?? [];
  const [rows, length = 0, depth] = dims;
  if (dims.length !== 3 || rows !== 3 || depth !== width || length < FEWEST_TOKENS || length > maxLength) {
    const got = dims.length > 0 ? `[${dims.join(", ")}]` : "nothing";
    refuse(
      "TEXT_STATES_INVALID",
      `text.states.dims: expected [3, ${FEWEST_TOKENS}..${maxLength}, ${width}] for model ${manifest.id}, got ${got}`,
    );
  }
  const bytes = text?.states?.data ?? Buffer.alloc(0);
  const count = 3 * length * width;
  if (bytes.length !== count * 4) {
    refuse(
      "TEXT_STATES_INVALID",
      `text.states.data: expected ${count * 4} bytes for [${dims.join(", ")}], got ${bytes.length}`,
    );
  }
  // A copy: a Float32Array needs an offset that is a multiple of 4, which a message field rarely has.
  const data = new Float32Array(new Uint8Array(bytes).buffer);
  if (!data.every(Number.isFinite)) {
    refuse("TEXT_STATES_INVALID", "text.states.data: expected finite values, got NaN or infinity");
  }
  const source = readTokens("text.source", text?.source, length);
  const target = readTokens("text.target", text?.target, length);
  return { length, width, data, source, target };
}

function readTokens(name: string, tokens: clip.TokenizedText | undefined, length: number): TokenText {
  const { ids = [], pieces = [] } = tokens ?? {};
  if (ids.length < FEWEST_TOKENS || ids.length > length) {
    refuse("TEXT_TOKENS_INVALID", `${name}.ids: expected ${FEWEST_TOKENS}..${length} tokens, got ${ids.length}`);
  }
  if (pieces.length !== ids.length) {
    refuse("TEXT_TOKENS_INVALID", `${name}.pieces: expected one for each of ${ids.length} ids, got ${pieces.length}`);
  }
  return { ids, pieces };
}

function refuse(reason: string, message: string): never {
  throw new MoodError("INVALID_ARGUMENT", reason, message);
}
