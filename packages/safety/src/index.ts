/** Models that tell what must not be shown. */
export { type NsfwClassifier, NSFW_MODEL, openNsfwClassifier, type NsfwOptions } from "./open-nsfw.ts";
