import {
  CanvasTexture,
  Color,
  DoubleSide,
  MeshPhysicalMaterial,
  RepeatWrapping,
  SRGBColorSpace,
  type Material,
  type Texture,
} from "three";
import { METALS } from "../src/products/catalogue.ts";
import type { ProductLook } from "../src/products/look.ts";
import type { ProductIdentity } from "../src/products/identity.ts";
import type { Slot } from "./kit.ts";
import { PATTERN_SIZE } from "./motifs.ts";
import { paintPattern } from "./patterns.ts";
import { texture } from "./textures.ts";

/** Materials stay alive between scenes, so that their programs are compiled once. */
const alive = new Map<string, MeshPhysicalMaterial>();

/**
 * Three shaders serve every surface, because a software renderer takes seconds to compile one: `hard` has a clear coat, `soft`
 * a sheen, `glass` lets light through. All have a map and a bump map, if only a blank one.
 */
const SHADERS = {
  hard: { clearcoat: 0.5 },
  soft: { sheen: 0.5 },
  glass: { transmission: 1, ior: 1.45, thickness: 0.25 },
} as const;

function keep(
  name: string,
  shader: keyof typeof SHADERS,
  surface: { map?: Texture; bump?: Texture } = {},
): MeshPhysicalMaterial {
  let material = alive.get(name);
  if (material === undefined) {
    const { map = texture("blank"), bump = texture("flat") } = surface;
    material = new MeshPhysicalMaterial({ side: DoubleSide, map, bumpMap: bump, ...SHADERS[shader] });
    alive.set(name, material);
  }
  return material;
}

/** Sets the finish of a hard surface. A coat of zero would ask for another shader. */
function finish(
  material: MeshPhysicalMaterial,
  colour: Color,
  roughness: number,
  coat: number,
  metalness = 0,
): MeshPhysicalMaterial {
  material.color.copy(colour);
  material.roughness = roughness;
  material.clearcoat = Math.max(0.01, coat);
  material.clearcoatRoughness = 0.03 + roughness * 0.2;
  material.metalness = metalness;
  return material;
}

const canvas = document.createElement("canvas");
canvas.width = canvas.height = PATTERN_SIZE;
const pattern = new CanvasTexture(canvas);
pattern.wrapS = pattern.wrapT = RepeatWrapping;
pattern.colorSpace = SRGBColorSpace;
pattern.anisotropy = 4;

/** How each material of the catalogue behaves before a look changes its finish. */
interface Body {
  readonly kind: "ceramic" | "leather" | "cloth" | "glass";
  readonly bump: string;
  readonly bumpScale: number;
  readonly repeat: number;
  readonly roughness: number;
  readonly coat: number;
  readonly sheen?: number;
}

const BODIES: Readonly<Record<string, Body>> = {
  porcelain: { kind: "ceramic", bump: "stone", bumpScale: 0.037, repeat: 2, roughness: 0.3, coat: 0.7 },
  glaze: { kind: "ceramic", bump: "stone", bumpScale: 0.15, repeat: 1, roughness: 0.35, coat: 0.8 },
  stoneware: { kind: "ceramic", bump: "stone", bumpScale: 0.6, repeat: 4, roughness: 0.8, coat: 0 },
  lacquer: { kind: "ceramic", bump: "stone", bumpScale: 0.025, repeat: 1, roughness: 0.2, coat: 1 },
  glass: { kind: "glass", bump: "stone", bumpScale: 0.0, repeat: 1, roughness: 0.08, coat: 0.5 },
  metal: { kind: "ceramic", bump: "stone", bumpScale: 0.025, repeat: 1, roughness: 0.25, coat: 1 },
  enamel: { kind: "ceramic", bump: "stone", bumpScale: 0.025, repeat: 1, roughness: 0.15, coat: 1 },
  pearl: { kind: "ceramic", bump: "stone", bumpScale: 0.025, repeat: 1, roughness: 0.25, coat: 0.8 },
  stone: { kind: "ceramic", bump: "stone", bumpScale: 0.15, repeat: 2, roughness: 0.4, coat: 0.4 },
  leather: { kind: "leather", bump: "leather", bumpScale: 0.55, repeat: 1.6, roughness: 0.5, coat: 0.15 },
  suede: { kind: "leather", bump: "fuzz", bumpScale: 0.4, repeat: 3, roughness: 0.95, coat: 0, sheen: 0.7 },
  canvas: { kind: "leather", bump: "canvas", bumpScale: 0.5, repeat: 1.5, roughness: 0.9, coat: 0 },
  "patent leather": { kind: "leather", bump: "stone", bumpScale: 0.062, repeat: 1, roughness: 0.12, coat: 1 },
  woven: { kind: "leather", bump: "wicker", bumpScale: 1.25, repeat: 1, roughness: 0.7, coat: 0.05 },
  cotton: { kind: "cloth", bump: "canvas", bumpScale: 0.2, repeat: 2.4, roughness: 0.85, coat: 0, sheen: 0.25 },
  linen: { kind: "cloth", bump: "linen", bumpScale: 0.4, repeat: 1.6, roughness: 0.92, coat: 0, sheen: 0.15 },
  wool: { kind: "cloth", bump: "knit", bumpScale: 1.0, repeat: 1.6, roughness: 0.97, coat: 0, sheen: 0.5 },
  silk: { kind: "cloth", bump: "linen", bumpScale: 0.037, repeat: 3, roughness: 0.34, coat: 0, sheen: 0.9 },
  velvet: { kind: "cloth", bump: "fuzz", bumpScale: 0.175, repeat: 4, roughness: 1, coat: 0, sheen: 1 },
  denim: { kind: "cloth", bump: "twill", bumpScale: 0.55, repeat: 2, roughness: 0.9, coat: 0, sheen: 0.1 },
};

export interface Dressed {
  material(slot: Slot): Material;
}

const hex = (value: string): Color => new Color(`#${value}`);

/** Sets every material for one scene. The materials are shared: dress the next scene only after drawing this one. */
export function dress(identity: ProductIdentity, look: ProductLook): Dressed {
  const base = BODIES[identity.material] ?? BODIES["porcelain"]!;
  paintPattern(canvas, {
    name: look.pattern,
    base: `#${look.main.hex}`,
    accent: `#${look.accent.hex}`,
    strength: look.patternStrength,
    scale: look.patternScale,
    grime: Math.max(look.grime, look.wear * 0.6),
    glitter: look.glitter,
    seed: look.detail,
  });
  pattern.needsUpdate = true;
  // The finish pulls on what the material is by nature.
  const roughness = Math.min(1, Math.max(0.03, base.roughness * 0.45 + look.roughness * 0.55));
  const coat = Math.min(1, base.coat * 0.5 + look.coat * 0.6);
  const main = hex(look.main.hex);
  const accent = hex(look.accent.hex);

  const white = new Color(1, 1, 1);
  const body = (): Material => {
    const glassy = base.kind === "glass" || (base.kind === "ceramic" && look.clarity > 0.75);
    if (glassy) {
      const glass = keep("glass", "glass", { map: pattern });
      glass.color.set(0xffffff);
      glass.transmission = Math.min(0.9, 0.55 + look.clarity * 0.3);
      glass.roughness = roughness * 0.4;
      glass.attenuationColor = main.clone().lerp(white, 0.3);
      glass.attenuationDistance = 0.8;
      return glass;
    }
    const surface = { map: pattern, bump: texture(base.bump, base.repeat) };
    if (base.kind === "cloth") {
      const cloth = keep(`cloth ${base.bump}${base.repeat}`, "soft", surface);
      cloth.roughness = Math.max(0.3, base.roughness * 0.75 + look.roughness * 0.25);
      cloth.bumpScale = base.bumpScale;
      cloth.sheen = base.sheen ?? 0.2;
      cloth.sheenRoughness = 0.4;
      cloth.sheenColor = main.clone().lerp(white, 0.35).multiplyScalar(0.6);
      return cloth;
    }
    const solid = finish(keep(`solid ${base.bump}${base.repeat}`, "hard", surface), white, roughness, coat);
    solid.bumpScale = base.bumpScale * (base.kind === "leather" ? 1 : 1 + look.wear);
    return solid;
  };

  const metalColour = (): Color => {
    const own = hex(METALS[identity.metal] ?? METALS["silver"]!);
    const colours: Record<ProductLook["metal"], Color> = {
      own,
      gold: new Color("#e8ab3c"),
      silver: new Color("#e4e6ea"),
      rose: new Color("#de9a84"),
      dark: own.clone().lerp(new Color("#4c4e54"), 0.72),
      black: new Color("#26252a"),
      tarnished: own.clone().lerp(new Color("#5f5a48"), 0.7),
      main: main.clone().lerp(new Color(1, 1, 1), 0.15),
    };
    return colours[look.metal] ?? own;
  };

  const soft = base.kind === "cloth" || base.kind === "leather";
  const makers: Readonly<Record<Slot, () => Material>> = {
    body,
    accent: () => {
      if (!soft) return finish(keep("accent hard", "hard"), accent, roughness, coat);
      const material = keep("accent soft", "soft", { bump: texture("canvas", 3) });
      material.color.copy(accent);
      material.roughness = Math.max(0.5, roughness);
      material.sheen = 0.3;
      material.sheenColor = accent.clone().lerp(white, 0.4);
      material.bumpScale = 0.3;
      return material;
    },
    metal: () => {
      const metal = finish(
        keep("metal", "hard", { bump: texture("stone", 5) }),
        metalColour(),
        0.1 + look.roughness * 0.32 + look.wear * 0.15,
        0.01,
        1,
      );
      metal.bumpScale = 0.02 + (look.wear + look.grime) * 0.6;
      metal.envMapIntensity = 1.15;
      return metal;
    },
    dark: () => finish(keep("dark", "hard"), new Color(0x17161a), 0.4, 0.3),
    facet: () => facet("facet main", main),
    accentFacet: () => facet("facet accent", accent.clone().lerp(white, 0.3)),
    pearl: () => {
      const pearl = finish(
        keep("pearl", "hard"),
        main.clone().lerp(new Color("#fbf4ea"), 0.45),
        0.22 + look.roughness * 0.4,
        0.3 + coat * 0.6,
        0.12,
      );
      pearl.envMapIntensity = 1.3;
      return pearl;
    },
    stem: () =>
      finish(
        keep("stem", "hard"),
        new Color(0x55723c).lerp(new Color("#6b5a36"), Math.min(1, look.wear + Math.max(0, look.posture.droop) * 0.7)),
        0.7,
        0.01,
      ),
    ...STAND,
  };
  return { material: (slot) => makers[slot]() };
}

function facet(name: string, colour: Color): Material {
  const material = finish(keep(name, "hard"), colour, 0.04, 1, 0.35);
  material.envMapIntensity = 1.9;
  return material;
}

/** The stand belongs to the identity: its materials never follow the look. */
const STAND = {
  stand: (): Material => {
    const cloth = keep("stand", "soft", { bump: texture("linen", 4) });
    cloth.bumpScale = 0.25;
    cloth.roughness = 0.9;
    cloth.sheenColor.set("#ffffff");
    return cloth;
  },
  standMetal: (): Material => finish(keep("stand metal", "hard"), new Color("#b9a27a"), 0.28, 0.01, 1),
  standWood: (): Material =>
    finish(keep("stand wood", "hard", { map: texture("wood") }), new Color(1, 1, 1), 0.55, 0.3),
};

/** Colours of the stand's cloth, chosen by the identity. */
export function dressStand(identity: ProductIdentity): Dressed {
  const colours = ["#d9d2c6", "#c9bfb2", "#3b3b40", "#e9e4dc", "#a9877c", "#7d8783"];
  const stand = STAND.stand() as MeshPhysicalMaterial;
  stand.color.set(colours[Math.floor(identity.shape[7]! * 0.999 * colours.length)]!);
  stand.sheen = 0.25;
  return { material: (slot) => (STAND[slot as keyof typeof STAND] ?? STAND.stand)() };
}
