/** The categories that are drawn as products. */
export const PRODUCT_CATEGORIES = ["bag", "bracelet", "clothes", "earring", "necklace", "ring", "vase"] as const;
export type ProductCategory = (typeof PRODUCT_CATEGORIES)[number];

/** What a category offers to the identity of a product. */
export interface CategoryEntry {
  /** Shape family -> how captions call it. */
  readonly families: Readonly<Record<string, string>>;
  /** What the thing is made of, before any emotion; the page's material table knows each name. */
  readonly materials: readonly string[];
  /** How the thing is shown; "floor" stands by itself. */
  readonly stands: readonly string[];
}

/** Every category with its families, materials and ways of display. */
export const CATALOGUE: Readonly<Record<ProductCategory, CategoryEntry>> = {
  bag: {
    families: {
      tote: "tote bag",
      satchel: "satchel",
      bucket: "bucket bag",
      clutch: "clutch",
      backpack: "backpack",
      duffel: "duffel bag",
      hobo: "hobo bag",
      box: "box bag",
    },
    materials: ["leather", "leather", "suede", "canvas", "patent leather", "woven"],
    stands: ["floor"],
  },
  bracelet: {
    families: {
      bangle: "bangle",
      cuff: "open cuff",
      chain: "chain bracelet",
      beads: "beaded bracelet",
      tennis: "tennis bracelet",
      charm: "charm bracelet",
      braid: "braided bracelet",
    },
    materials: ["metal", "metal", "enamel", "stone", "pearl"],
    stands: ["roll", "wrist", "floor"],
  },
  clothes: {
    families: {
      dress: "dress",
      gown: "evening gown",
      shirt: "shirt",
      sweater: "sweater",
      coat: "coat",
      kimono: "robe",
      skirt: "skirt",
      trousers: "pair of trousers",
    },
    materials: ["cotton", "linen", "wool", "silk", "velvet", "denim"],
    stands: ["form", "hanger"],
  },
  earring: {
    families: {
      stud: "stud earrings",
      hoop: "hoop earrings",
      drop: "drop earrings",
      chandelier: "chandelier earrings",
      dangle: "dangle earrings",
      huggie: "huggie earrings",
      tassel: "tassel earrings",
    },
    materials: ["metal", "metal", "pearl", "enamel", "stone"],
    stands: ["ear", "bar", "card"],
  },
  necklace: {
    families: {
      pendant: "pendant necklace",
      pearls: "pearl strand",
      choker: "choker",
      collar: "collar necklace",
      lariat: "lariat necklace",
      beads: "beaded necklace",
      layers: "layered necklace",
    },
    materials: ["metal", "metal", "pearl", "stone", "enamel"],
    stands: ["bust", "bust", "board"],
  },
  ring: {
    families: {
      solitaire: "solitaire ring",
      halo: "halo ring",
      trilogy: "three-stone ring",
      eternity: "eternity ring",
      signet: "signet ring",
      twist: "twisted ring",
      cocktail: "cocktail ring",
    },
    materials: ["metal"],
    stands: ["floor", "slot", "cone"],
  },
  vase: {
    families: {
      amphora: "amphora vase",
      bottle: "bottle vase",
      cylinder: "cylinder vase",
      moon: "moon jar",
      gourd: "gourd vase",
      facet: "faceted vase",
      pitcher: "pitcher vase",
      trumpet: "trumpet vase",
    },
    materials: ["porcelain", "glaze", "stoneware", "glass", "lacquer"],
    stands: ["floor"],
  },
};

/** Metals by name; hex of their reflection. */
export const METALS: Readonly<Record<string, string>> = {
  gold: "e6b352",
  "rose gold": "dd9c83",
  silver: "dcdee2",
  platinum: "c9ccd0",
};

/** Cuts of the stones. */
export const CUTS = ["brilliant", "oval", "princess", "emerald", "pear", "trillion", "hexagon", "cabochon"] as const;

/** Quiet colours that a product has while it carries no emotion. */
export const PLAIN_COLOURS = ["beige", "white", "ivory", "grey", "sand", "taupe", "silver grey", "cream"] as const;

/** Backgrounds: kind -> how captions call it. */
export const BACKDROPS: Readonly<Record<string, string>> = {
  paper: "a seamless %colour backdrop",
  wall: "a table before a %colour wall",
  wood: "a wooden table",
  marble: "a marble slab",
  linen: "a %colour linen cloth",
  plinth: "a %colour plinth",
  arch: "a %colour niche",
  stone: "a stone shelf",
};

/** Colours of the backgrounds, hex -> words. */
export const BACKDROP_COLOURS: Readonly<Record<string, string>> = {
  eceae6: "white",
  d9d6d1: "pale grey",
  e9dccb: "cream",
  e8cfc4: "pale pink",
  c9d6d3: "pale green",
  c7d3e0: "pale blue",
  d3c0a4: "tan",
  d8cbe0: "lilac",
  a3b0a8: "grey green",
  "8793a0": "slate",
  c78a72: "terracotta",
  "565b66": "dark grey",
};

/** How the set is lit -> words. */
export const LIGHTS: Readonly<Record<string, string>> = {
  studio: "in soft studio light",
  window: "in window light",
  daylight: "in clear daylight",
  lamp: "in warm lamp light",
  gallery: "under gallery spots",
  dim: "in low side light",
};
