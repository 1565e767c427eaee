/** Version of the emotion list and of the descriptors; raised whenever either changes meaning. */
export const taxonomyVersion = "1.0.0";

/** The 12 positive emotions of GoEmotions, in the listing order of the paper. */
export const POSITIVE = [
  "admiration",
  "amusement",
  "approval",
  "caring",
  "desire",
  "excitement",
  "gratitude",
  "joy",
  "love",
  "optimism",
  "pride",
  "relief",
] as const;

/** The 11 negative emotions of GoEmotions, in the listing order of the paper. */
export const NEGATIVE = [
  "anger",
  "annoyance",
  "disappointment",
  "disapproval",
  "disgust",
  "embarrassment",
  "fear",
  "grief",
  "nervousness",
  "remorse",
  "sadness",
] as const;

/** The 4 ambiguous emotions of GoEmotions, in the listing order of the paper. */
export const AMBIGUOUS = ["confusion", "curiosity", "realization", "surprise"] as const;

/** The 27 emotions: 12 positive, 11 negative, 4 ambiguous. */
export const EMOTIONS_27 = [...POSITIVE, ...NEGATIVE, ...AMBIGUOUS] as const;

/** The 27 emotions followed by `neutral`; the index in this list is an emotion's class id everywhere. */
export const EMOTIONS = [...EMOTIONS_27, "neutral"] as const;

/** One of the 27 GoEmotions names, or `neutral`. Lower case. */
export type EmotionName = (typeof EMOTIONS)[number];
