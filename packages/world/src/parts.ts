/**
 * Part ids of a parts map, by index. The first five are those of drawn faces, where `face` is the rest of the figure (or the
 * whole expression where a style draws it in one piece). New parts are only ever added at the end.
 */
export const PARTS = [
  "other",
  "mouth",
  "eyes",
  "eyebrows",
  "face",
  "cheeks",
  "tears",
  "bag",
  "bracelet",
  "clothes",
  "earring",
  "necklace",
  "ring",
  "vase",
  "handle",
  "stone",
  "sleeves",
  "flowers",
  "ornament",
  "sky",
  "land",
  "plants",
  "buildings",
] as const;
export type PartName = (typeof PARTS)[number];
