import type { Manifest, Picture } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import { askUntilValid } from "../chat/ask-until-valid.ts";
import { planQuestion, planSystem } from "../chat/prompts.ts";
import type { VisionChat } from "../chat/vision-chat.ts";
import { createSquareView } from "../picture/square-view.ts";
import type { Segmenter } from "../segment/segmenter.ts";
import { chooseBlendWords } from "./blend-words.ts";
import { checkDomain, type Domain } from "./domain.ts";
import { changePlannedParts, planByDescriptors, retarget } from "./fallback-planner.ts";
import { checkPlan, type Mission, type PlanDraft } from "./mission.ts";
import { planReply, schemaOf, type EditKindName } from "./plan-reply.ts";
import { choosePreset } from "./presets.ts";
import { drawRegions } from "./region-masks.ts";

/** What planning works with. */
export type PlanningParts = {
  chat: VisionChat;
  /** Undefined when the model family has none: masks are boxes then. */
  segmenter: Segmenter | undefined;
  manifest: Manifest;
  domain: Domain | undefined;
};

/** Runs one named stage of the work. */
export type RunStage = <T>(name: string, work: () => Promise<T> | T) => Promise<T>;

const KIND_OF_NAME: Record<EditKindName, common.EditKind> = {
  shape: common.EditKind.SHAPE,
  colour: common.EditKind.COLOUR,
  material: common.EditKind.MATERIAL,
  style: common.EditKind.STYLE,
  add: common.EditKind.ADD,
  remove: common.EditKind.REMOVE,
};

/**
 * Plans one edit: asks the model and checks that the reply does exactly the mission. A target prompt that does not is replaced by the
 * emotion's descriptors (warning TARGET_FALLBACK), and so is a sentence that leaves a planned part as it is; a reply that is no use at all is
 * replaced by a plan from them (PLANNER_FALLBACK). Then draws the masks and chooses the preset.
 * @throws ChatError when the model gives no reply at all; the signal's reason when aborted.
 */
export async function planEdit(
  parts: PlanningParts,
  picture: Picture,
  mission: Mission,
  stage: RunStage,
  signal?: AbortSignal,
): Promise<common.EditPlan> {
  const { chat, segmenter, manifest } = parts;
  const view = await createSquareView(picture);
  const warnings: common.Warning[] = [];
  let draft: PlanDraft | undefined;
  let rawReply = "";
  if (mission.foreignCategory === undefined) {
    const schema = schemaOf(planReply(mission.vocabulary));
    const answer = await stage("plan", () =>
      askUntilValid(
        chat,
        {
          system: planSystem(schema),
          question: planQuestion(mission),
          image: view.picture,
          frame: view.frame,
          schema,
          schemaName: "edit_plan",
          likely: [planByDescriptors(mission).target],
          signal,
        },
        (text, { readBox }) => checkPlan(text, mission, readBox),
      ),
    );
    draft = answer.value ?? (answer.partial && retarget(answer.partial, mission));
    rawReply = answer.rawReply;
    warnings.push(...checkDomain(parts.domain, answer.reply.domainDistance));
    if (!draft) warnings.push(fallbackWarning(answer.problems.join("; ")));
    else if (!answer.value) warnings.push(targetWarning(answer.problems.join("; ")));
    if (draft) {
      const changed = changePlannedParts(draft, mission);
      draft = changed.draft;
      if (changed.labels.length > 0) warnings.push(unchangedWarning(changed.labels));
    }
  } else {
    warnings.push(
      foreignWarning(mission.foreignCategory, manifest),
      fallbackWarning("the model does not know the category"),
    );
  }
  draft ??= planByDescriptors(mission);
  const { regions } = draft;
  const { roughBoxes } = chat;
  const masks = await stage("segment", () => drawRegions(regions, view, picture, { segmenter, roughBoxes, signal }));
  if (masks.boxed.length > 0) warnings.push(boxWarning(masks.boxed));
  return {
    emotion: mission.emotion,
    intensity: mission.intensity,
    category: draft.category,
    sourceCaption: draft.source,
    targetPrompt: draft.target,
    kind: KIND_OF_NAME[draft.kind],
    regions: masks.regions,
    maskPng: masks.maskPng,
    maskSource: masks.maskSource,
    blendWords: chooseBlendWords(
      draft.source,
      draft.target,
      regions.map(({ label }) => label),
    ),
    preset: choosePreset(manifest, draft.kind, mission.intensity),
    modelId: chat.modelId,
    rawReply,
    warnings,
  };
}

function fallbackWarning(why: string): common.Warning {
  return {
    code: "PLANNER_FALLBACK",
    message: `The plan was made from the emotion's descriptors, without looking at the picture, because the model's plan is not usable: ${why}.`,
  };
}

function targetWarning(why: string): common.Warning {
  return {
    code: "TARGET_FALLBACK",
    message: `The target prompt was made from the emotion's descriptors, because the model's is not usable: ${why}.`,
  };
}

function unchangedWarning(labels: string[]): common.Warning {
  return {
    code: "TARGET_FALLBACK",
    message: `The sentences about ${labels.join(", ")} were made from the emotion's descriptors, because the model's target prompt repeats the source there.`,
  };
}

function foreignWarning(category: string, manifest: Manifest): common.Warning {
  const known = manifest.planner?.categories.join(", ") ?? "none";
  return {
    code: "OUT_OF_DOMAIN",
    message: `Model family ${manifest.id} does not know pictures of category ${category}; it knows ${known}.`,
  };
}

function boxWarning(labels: string[]): common.Warning {
  return {
    code: "MASK_FROM_BOX",
    message: `The segmenter was unsure about ${labels.join(", ")}; the planned box is used there.`,
  };
}
