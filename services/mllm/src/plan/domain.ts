import type { Manifest } from "@moodifier/inference";
import type { common } from "@moodifier/proto";

/** How a model family recognises pictures that it was not made for; the threshold is measured when the family is exported. */
export type Domain = NonNullable<NonNullable<Manifest["planner"]>["domain"]>;

/**
 * Warns when a picture lies outside what the planner was trained on: there it is unsure of its own words, so the mean log-probability of
 * the tokens it chose falls. Without a domain in the manifest, or with a chat server that does not report probabilities, nothing is checked.
 */
export function checkDomain(domain: Domain | undefined, meanLogProbability: number | undefined): common.Warning[] {
  if (!domain || meanLogProbability === undefined || meanLogProbability >= domain.threshold) return [];
  return [
    {
      code: "OUT_OF_DOMAIN",
      message:
        "The picture is unlike those that this model family was trained on; expect a weaker edit or use another family.",
    },
  ];
}
