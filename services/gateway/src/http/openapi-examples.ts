import type { Json } from "./describe.ts";

const at = "2026-01-15T09:30:00.000Z";
const later = "2026-01-15T09:30:02.400Z";
const picture = {
  data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
};
const base = "https://moodifier.example/v1";
const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const editId = "0b0f5f6e-53a3-4a53-9d54-1c0b8f6f3a10";
const planId = "f2a1c7de-7f0e-4a3a-9a55-0c6c3a1d2e4b";
const batchId = "6d1c2f44-9a0b-4c1f-8a77-2f1f0e9b7c21";

const plan = {
  emotion: "joy",
  intensity: 0.8,
  category: "face",
  source_caption: "A cartoon portrait of a person with brown hair. The mouth is a straight line.",
  target_prompt: "A cartoon portrait of a person with brown hair. The mouth is a wide open smile.",
  kind: "shape",
  regions: [{ label: "mouth", box: [0.31, 0.55, 0.69, 0.8], confidence: 0.92 }],
  mask_source: "segmenter",
  blend_words: ["smile"],
  preset: { cross_replace: 0.6, self_replace: 0.3, steps: 8, guidance_scale: 2.5 },
  model_id: "mini",
  warnings: [],
};

const recipe = {
  method: "moodifier",
  model_id: "mini",
  model_digest: digest,
  seed: "7",
  steps: 4,
  timesteps: [999, 759, 499, 259],
  guidance_scale: 2.5,
  cross_replace: 0.6,
  self_replace: 0.3,
  feather_px: 4,
  width: 256,
  height: 256,
};

const outside = { max_abs_diff: 0, changed_px: 0, total_px: 51_200 };

const scores = { emotion_before: 0.04, emotion_after: 0.61 };

const edit = {
  id: editId,
  status: "succeeded",
  stage: "finishing",
  sequence: 12,
  lane: "interactive",
  priority: 0,
  attempt: 1,
  external_id: "sku-1042",
  progress: { step: 4, steps: 4, percentage: 100 },
  created_at: at,
  started_at: at,
  finished_at: later,
  finish_by: "2026-01-15T09:35:00.000Z",
  settings: { emotion: "joy", intensity: 0.8, seed: "7", preview_every: 0, scores: true },
  plan,
  timings: { queued_ms: 3, planning_ms: 640, encoding_ms: 40, editing_ms: 1500, finishing_ms: 90, total_ms: 2400 },
  outside_mask: outside,
  recipe,
  scores,
  warnings: [],
  urls: {
    self: `${base}/edits/${editId}`,
    cancel: `${base}/edits/${editId}:cancel`,
    events: `${base}/edits/${editId}/events`,
    result: `${base}/edits/${editId}/result`,
  },
};

const storedPlan = {
  id: planId,
  status: "draft",
  version: 1,
  name: "joyful faces",
  created_at: at,
  updated_at: at,
  plan,
  image: { sha256: digest, width: 256, height: 256 },
  urls: { self: `${base}/plans/${planId}`, approve: `${base}/plans/${planId}:approve` },
};

const upload = {
  id: "up_5f4dcc3b5aa765d61d8327deb882cf99",
  reference: "upload:up_5f4dcc3b5aa765d61d8327deb882cf99",
  sha256: digest,
  bytes: 182_044,
  media_type: "image/jpeg",
  expires_at: "2026-01-16T09:30:00.000Z",
};

const batchUrl = `${base}/batches/${batchId}`;
const batch = {
  id: batchId,
  name: "spring",
  status: "partially_succeeded",
  dry_run: false,
  total: 2,
  counts: { pending: 0, running: 0, succeeded: 1, failed: 1, cancelled: 0 },
  sequence: 2,
  survey: { rows: 2, faulty: 0, faults: [], ignored_columns: [] },
  options: { defaults: { emotion: "joy" } },
  created_at: at,
  finished_at: later,
  urls: {
    self: batchUrl,
    rows: `${batchUrl}/rows`,
    events: `${batchUrl}/events`,
    manifest: `${batchUrl}/manifest`,
    cancel: `${batchUrl}:cancel`,
    retry: `${batchUrl}:retry`,
  },
};

const batchRow = {
  index: 0,
  line: 2,
  id: "1042",
  status: "succeeded",
  attempt: 1,
  input: { sku: "1042", image: upload.reference },
  edit_url: edit.urls.self,
  files: [
    {
      name: "1042_01.jpg",
      url: "s3://shop-pictures/joy/1042_01.jpg",
      sha256: digest,
      bytes: 412_300,
      media_type: "image/jpeg",
      width: 1600,
      height: 1600,
      quality: 88,
    },
  ],
  seed: "7",
  outside_mask: outside,
  recipe,
  scores,
  warnings: [],
  started_at: at,
  finished_at: later,
};

/** An example of each schema that answers are made of; the tests check them against it. */
export const schemaExamples: Readonly<Record<string, Json>> = {
  Edit: edit,
  EditPage: { edits: [edit] },
  Plan: { ...storedPlan, raw_reply: '{"category":"face"}', warnings: [] },
  PlanPage: { plans: [storedPlan] },
  EmotionList: {
    emotions: [{ name: "joy", group: "positive", ekman: "joy", mikels: "contentment", synonyms: ["joyful", "happy"] }],
  },
  Upload: upload,
  Batch: batch,
  BatchList: { batches: [batch] },
  BatchRowList: { rows: [batchRow] },
  Problem: {
    type: "urn:moodifier:problem:mask-empty",
    title: "Mask empty",
    status: 400,
    detail:
      "mask: expected a mask with white where the picture may change, got a mask without one pixel above half white.",
    code: "INVALID_ARGUMENT",
    reason: "MASK_EMPTY",
    retryable: false,
    argument: "mask",
    expected: "a mask with white where the picture may change",
    got: "a mask without one pixel above half white",
    instance: "/v1/edits",
    request_id: "4d7c8a52-6a5e-4f0e-a7a9-0d5c9b1f2e33",
  },
};

/** An example of the JSON body of each operation that takes one. */
export const bodyExamples: Readonly<Record<string, Json>> = {
  createEdit: { image: picture, emotion: "joy", intensity: 0.8, seed: 7, external_id: "sku-1042" },
  createPlan: { image: picture, emotion: "joy", overlay: true },
  changePlan: { target_prompt: plan.target_prompt },
};

/** Puts the examples beside every JSON body that has none of its own. */
export function addExamples(paths: Json): Json {
  for (const operations of Object.values(paths) as Record<string, Operation>[]) {
    for (const operation of Object.values(operations)) {
      addTo(operation.requestBody?.content?.["application/json"], bodyExamples[operation.operationId]);
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const media of Object.values(content)) {
          const name = nameOf(media);
          if (name !== "Problem" || status === "400") addTo(media, schemaExamples[name]);
        }
      }
    }
  }
  return paths;
}

interface Media {
  schema?: { readonly $ref?: string };
  example?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content?: Record<string, Media> };
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, Media> }>>;
}

function addTo(media: Media | undefined, example: Json | undefined): void {
  if (media && example && media.example === undefined) media.example = example;
}

function nameOf({ schema }: Media): string {
  return schema?.$ref?.split("/").at(-1) ?? "";
}
