import type { Annotation, Region } from "./annotation.ts";
import { annotateFace, changedFaceRegions } from "./faces/face-annotation.ts";
import { sameExpression } from "./faces/face-scene.ts";
import { annotateParametric, changedParametricRegions } from "./faces/parametric/annotation.ts";
import { annotateProduct, changedProductRegions } from "./products/annotation.ts";
import type { Rendered } from "./rendered.ts";
import { annotateScenery, changedSceneryRegions } from "./sceneries/annotation.ts";
import type { Scene } from "./scene.ts";

/**
 * The five-sentence caption of a rendered scene, each stimulus with its box. Grammar and synonyms are drawn from the identity,
 * so that the captions of a scene and of its true edit align token by token.
 */
export function annotate(scene: Scene, rendered: Rendered): Annotation {
  switch (scene.kind) {
    case "drawn":
      return annotateFace(scene, rendered);
    case "parametric":
      return annotateParametric(scene, rendered);
    case "product":
      return annotateProduct(scene, rendered);
    case "scenery":
      return annotateScenery(scene, rendered);
  }
}

/** The named parts that may change in the edit from `a` to `b`, two scenes of one identity. */
export function changedRegions(a: Scene, renderedA: Rendered, b: Scene, renderedB: Rendered): Region[] {
  if (a.kind === "drawn" && b.kind === "drawn") return changedFaceRegions(a, renderedA, b, renderedB);
  if (a.kind === "parametric") return changedParametricRegions(renderedA, renderedB);
  if (a.kind === "product") return changedProductRegions(a, renderedA, renderedB);
  return a.kind === "scenery" ? changedSceneryRegions(a, renderedA, renderedB) : [];
}

/** True when both scenes are drawn alike, so that no pixel differs. */
export function sameLook(a: Scene, b: Scene): boolean {
  if (a.kind === "drawn" && b.kind === "drawn") return sameExpression(a, b);
  const owned = ({ kind, seed: _seed, ...scene }: Scene): string =>
    JSON.stringify({ kind, ...scene, emotion: "", intensity: 0 });
  return owned(a) === owned(b);
}
