import { MoodError } from "@moodifier/service-kit";
import type { Size } from "@moodifier/tensor";
import { alignTokens, type Alignment } from "../attention/align.ts";
import { refine, replace, reweight, type CrossControl } from "../attention/controls.ts";
import { chooseBlendTokens, LocalBlend } from "../attention/local-blend.ts";
import { findWords } from "../attention/word-tokens.ts";
import type { EditOrder } from "../request/edit-request.ts";

/** How source and target text correspond. */
export interface TextRelation {
  readonly alignment: Alignment;
  readonly control: CrossControl;
  /** Positions of the blend words in the target prompt. */
  readonly blendTokens: readonly number[];
  /** Blend words that the target prompt lacks. */
  readonly missingWords: readonly string[];
}

/** Aligns the texts and makes the cross control that the method asks for. */
export function relateTexts({ text, method, blendWords }: EditOrder): TextRelation {
  const alignment = alignTokens(text.source.ids, text.target.ids);
  const { tokens: blendTokens, missing } = findWords(text.target, blendWords);
  const followed =
    method.cross === "replace"
      ? replace(alignment, text.source.ids.length, text.length)
      : refine(alignment, text.length);
  const control = method.emphasis === 1 ? followed : reweight(followed, blendTokens, method.emphasis);
  return { alignment, control, blendTokens, missingWords: missing };
}

/**
 * The blend that draws the mask from attention maps. Throws MoodError BLEND_WORDS_MISSING when no token of the target prompt can show
 * where the edit is.
 */
export function openLocalBlend(order: EditOrder, relation: TextRelation, latent: Size): LocalBlend {
  const tokens = chooseBlendTokens(relation.alignment, order.text.source.ids.length, relation.blendTokens);
  if (tokens.target.length === 0) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "BLEND_WORDS_MISSING",
      "plan.blend_words: expected words of a target prompt that differs from the source caption, found none to draw a mask from; send a mask",
    );
  }
  return new LocalBlend(latent, tokens);
}
