import {
  COLOURS,
  emotionEntry,
  EMOTIONS,
  FINISHES,
  LOOKS,
  readOption,
  type EmotionLook,
  type EmotionName,
  type PostureAxis,
} from "@moodifier/emotion";
import { createRandom, type Random } from "../random.ts";
import type { ProductCategory } from "./catalogue.ts";
import type { ProductIdentity } from "./identity.ts";

/** A colour with the name that captions use. */
export interface NamedColour {
  readonly name: string;
  /** Hex without '#'; near the named colour, never equal in two identities. */
  readonly hex: string;
}

/** Everything about a product that its emotion owns. */
export interface ProductLook {
  readonly main: NamedColour;
  readonly accent: NamedColour;
  readonly pattern: string;
  /** Size of the pattern's motif (1 = usual) and how strongly it is printed, 0..1. */
  readonly patternScale: number;
  readonly patternStrength: number;
  readonly ornament: string;
  /** Share of the places for ornaments that are used, 0..1. */
  readonly ornamentShare: number;
  readonly finish: string;
  readonly roughness: number;
  readonly coat: number;
  readonly grime: number;
  readonly glitter: number;
  readonly clarity: number;
  readonly metal: string;
  /** Signed amounts as in the emotion package's `looks.json`, already scaled by the intensity. */
  readonly posture: Readonly<Record<PostureAxis, number>>;
  readonly edge: number;
  readonly wear: number;
  /** Seed of the small accidents: where scratches lie and which ornament hangs where. */
  readonly detail: number;
}

const AXES: readonly PostureAxis[] = ["droop", "lean", "twist", "flare", "height"];

/** The emotions of the same group (positive, negative, ambiguous); neutral has only itself. */
const RELATIVES = Object.fromEntries(
  EMOTIONS.map((name) => [name, EMOTIONS.filter((other) => emotionEntry(other).group === emotionEntry(name).group)]),
) as Record<EmotionName, EmotionName[]>;

interface LookRequest {
  readonly seed: number;
  readonly category: ProductCategory;
  readonly identity: ProductIdentity;
  readonly emotion: EmotionName;
  readonly intensity: number;
}

/**
 * Draws how an emotion shows in one product. All draws depend on (seed, category, emotion) and not on the intensity, so that
 * raising the intensity moves along one line: colours and posture first, then pattern, then ornament.
 */
export function drawLook({ seed, category, identity, emotion, intensity }: LookRequest): ProductLook {
  const random = createRandom("look", "product-1", category, seed, emotion);
  const pick = (options: readonly string[]): string => random.weighted(options.map(readOption));
  // Now and then an attribute comes from a related emotion, so that none of them gives the emotion away.
  const lend = (share: number): EmotionLook => LOOKS[random.next() < share ? random.pick(RELATIVES[emotion]) : emotion];
  const table = LOOKS[emotion];
  const palette = pick(lend(0.42).palettes).split("/") as [string, string];
  const [mainName, accentName] = random.next() < 0.2 ? [palette[1], palette[0]] : palette;
  const pattern = pick(lend(0.22).patterns);
  const ornament = pick(lend(0.18).ornaments);
  const finishName = pick(lend(0.2).finishes);
  const finish = FINISHES[finishName]!;
  const patternFrom = random.between(0.1, 0.4);
  const ornamentFrom = random.between(0.2, 0.6);
  const drawn = (range: readonly [number, number]): number => range[0] + random.between(-range[1], range[1]);
  const posture = {} as Record<PostureAxis, number>;
  for (const axis of AXES) posture[axis] = round(drawn(table.posture[axis]) * intensity);
  const edge = round(drawn(table.edge) * intensity);
  const wear = round(Math.max(0, drawn(table.wear)) * intensity);
  const jitter = (name: string): NamedColour => ({ name, hex: jitterColour(COLOURS[name]!, random) });
  const plain = jitterColour(COLOURS[identity.colour]!, random);
  const [main, accent] = [jitter(mainName), jitter(accentName)];
  // Without an emotion the thing keeps the plain colour it is made in.
  const tint = emotion === "neutral" ? 0.3 : Math.min(1, 0.3 + intensity * 0.85);
  const mix = (of: number, to: number): number => round(to + (of - to) * Math.min(1, 0.35 + intensity * 0.75));
  return {
    main: tint >= 0.5 ? { ...main, hex: mixHex(plain, main.hex, tint) } : { name: identity.colour, hex: plain },
    accent,
    pattern: intensity < patternFrom ? "plain" : pattern,
    patternScale: round(random.between(0.8, 1.35)),
    patternStrength: round(Math.min(1, 0.55 + intensity * 0.5)),
    ornament: intensity < ornamentFrom ? "none" : ornament,
    ornamentShare: round(Math.min(1, random.between(0.35, 1) * (0.4 + 0.6 * intensity))),
    finish: finishName,
    roughness: mix(clamp(finish.roughness + random.between(-0.06, 0.06)), 0.4),
    coat: mix(clamp(finish.coat + random.between(-0.1, 0.1)), 0.2),
    grime: round(finish.grime * intensity * random.between(0.6, 1.1)),
    glitter: round(finish.glitter * intensity),
    clarity: round(finish.clarity),
    metal: intensity < 0.3 ? "own" : finish.metal,
    posture,
    edge,
    wear,
    detail: random.below(1 << 30),
  };
}

/** A colour near another: lightness and channels wander a few percent. */
function jitterColour(hex: string, random: Random): string {
  const light = random.between(0.93, 1.07);
  const channels = channelsOf(hex).map((value) => value * light + random.between(-9, 9));
  return toHex(channels);
}

function mixHex(from: string, to: string, by: number): string {
  const [a, b] = [channelsOf(from), channelsOf(to)];
  return toHex(a.map((value, i) => value + (b[i]! - value) * by));
}

function channelsOf(hex: string): number[] {
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function toHex(channels: readonly number[]): string {
  return channels
    .map((value) =>
      Math.round(Math.min(255, Math.max(0, value)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("");
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0.03, value));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
