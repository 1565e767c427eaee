import type { Scene } from "@moodifier/world";
import type { Licence } from "../../record.ts";

/** Under which terms a drawn scene may be passed on, and whom to name. */
export interface SceneTerms {
  readonly licence: Licence;
  readonly attribution: string;
}

const OWN: SceneTerms = { licence: { id: "Apache-2.0" }, attribution: "" };
const CC_BY: Licence = { id: "CC-BY-4.0", url: "https://creativecommons.org/licenses/by/4.0/" };
const CC0: Licence = { id: "CC0-1.0", url: "https://creativecommons.org/publicdomain/zero/1.0/" };

/** The designs behind the face styles, as NOTICE lists them. */
const DESIGNS: Readonly<Record<string, SceneTerms>> = {
  avataaars: {
    licence: { id: "LicenseRef-Avataaars", url: "https://avataaars.com/" },
    attribution: "after Avataaars by Pablo Stanley",
  },
  toonHead: { licence: CC_BY, attribution: "after ToonHead by Johan Melin, recombined" },
  openPeeps: { licence: CC0, attribution: "after Open Peeps by Pablo Stanley" },
  bigSmile: { licence: CC_BY, attribution: "after Custom Avatar by Ashley Seo, recombined" },
  micah: { licence: CC_BY, attribution: "after Avatar Illustration System by Micah Lanier, recombined" },
  personas: { licence: CC_BY, attribution: "after Personas by Draftbit, recombined" },
  adventurer: { licence: CC_BY, attribution: "after Adventurer by Lisa Wischofsky, recombined" },
  lorelei: { licence: CC0, attribution: "after Lorelei by Lisa Wischofsky" },
};

/** The terms of a scene: those of the artist for a drawn face, our own for all else. Throws for a style whose terms nobody has entered. */
export function termsOf(scene: Scene): SceneTerms {
  if (scene.kind !== "drawn") return OWN;
  const terms = DESIGNS[scene.style];
  if (terms === undefined) throw new TypeError(`style ${scene.style} has no licence in world-licence.ts`);
  return terms;
}
