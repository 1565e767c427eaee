export { categoryTable, taxonomy } from "./data.ts";
export type { CategoryEntry, EmotionEntry } from "./data.ts";
export { CATEGORIES, CONTEXTS, describeFallbackPlan, descriptors } from "./descriptors.ts";
export type { CategoryName, ContextName, FallbackPlan } from "./descriptors.ts";
export { EmotionError } from "./emotion-error.ts";
export type { EmotionErrorReason } from "./emotion-error.ts";
export { emotionEntry, findEmotion, nearEmotions } from "./lookup.ts";
export { AMBIGUOUS, EMOTIONS, EMOTIONS_27, NEGATIVE, POSITIVE, taxonomyVersion } from "./taxonomy.ts";
export type { EmotionName } from "./taxonomy.ts";
