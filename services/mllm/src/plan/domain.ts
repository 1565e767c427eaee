import type { Manifest } from "@moodifier/inference";
import type { common } from "@moodifier/proto";

/** How a model family recognises pictures that it was not made for; the threshold is measured on held-out pictures when it is trained. */
export type Domain = NonNullable<NonNullable<Manifest["planner"]>["domain"]>;

/**
 * Warns when a picture lies further from what the planner was trained on than the threshold: Mahalanobis distance of its mean image token.
 * Without a domain in the manifest, or with a chat server, which tells no distance, nothing is checked.
 */
export function checkDomain(domain: Domain | undefined, distance: number | undefined): common.Warning[] {
  if (!domain || distance === undefined || distance <= domain.threshold) return [];
  return [
    {
      code: "OUT_OF_DOMAIN",
      message:
        "The picture is unlike those that this model family was trained on; expect a weaker edit or use another family.",
    },
  ];
}
