/** Plain backgrounds, hex -> words. */
export const BACKGROUNDS: Readonly<Record<string, string>> = {
  b6e3f4: "light blue",
  c0aede: "purple",
  d1d4f9: "lavender",
  ffd5dc: "pink",
  ffdfbf: "peach",
  d5f5e3: "mint",
  fdfdfd: "white",
  fff3b0: "yellow",
  f4a896: "coral",
  a8d08d: "green",
  c9c9c9: "grey",
  "7fb2d6": "blue",
};
