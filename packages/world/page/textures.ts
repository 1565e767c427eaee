import { CanvasTexture, NearestFilter, RepeatWrapping, SRGBColorSpace, type Texture } from "three";
import { noise, seeded } from "./shapes.ts";

const made = new Map<string, Texture>();

/** A named procedural texture, made once: grains for bump maps (linear) and surfaces of the set (sRGB). */
export function texture(name: string, repeat = 1): Texture {
  const key = `${name}*${repeat}`;
  let found = made.get(key);
  if (found === undefined) {
    const [paint, colour] = PAINTERS[name]!;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 512;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    const image = pen.createImageData(512, 512);
    const random = seeded(name.length * 977 + name.charCodeAt(0));
    paint(image.data, random);
    pen.putImageData(image, 0, 0);
    found = new CanvasTexture(canvas);
    found.wrapS = found.wrapT = RepeatWrapping;
    found.repeat.set(repeat, repeat);
    if (colour) found.colorSpace = SRGBColorSpace;
    if (name === "blank" || name === "flat") {
      // One colour all over: the cheapest way of reading it is exact.
      found.generateMipmaps = false;
      found.minFilter = found.magFilter = NearestFilter;
    } else found.anisotropy = 4;
    made.set(key, found);
  }
  return found;
}

type Paint = (data: Uint8ClampedArray, random: () => number) => void;

/** Fills a picture from f(x, y) in 0..1, which must be periodic to tile. */
function each(f: (x: number, y: number, i: number) => readonly [number, number, number] | number): Paint {
  return (data) => {
    for (let y = 0, i = 0; y < 512; y++) {
      for (let x = 0; x < 512; x++, i += 4) {
        const value = f(x / 512, y / 512, i);
        const [r, g, b] = typeof value === "number" ? [value, value, value] : value;
        data[i] = r * 255;
        data[i + 1] = g * 255;
        data[i + 2] = b * 255;
        data[i + 3] = 255;
      }
    }
  };
}

/** Value noise that tiles after `period` cells. */
function tiled(x: number, y: number, period: number, seed: number): number {
  const [i, j] = [x * period, y * period];
  const fade = (t: number): number => t * t * (3 - 2 * t);
  const at = (a: number, b: number): number =>
    noise(((a % period) + period) % period, ((b % period) + period) % period, seed);
  const [a, b] = [Math.floor(i), Math.floor(j)];
  const [u, v] = [fade(i - a), fade(j - b)];
  const top = at(a, b) + (at(a + 1, b) - at(a, b)) * u;
  const low = at(a, b + 1) + (at(a + 1, b + 1) - at(a, b + 1)) * u;
  return top + (low - top) * v;
}

function cloud(x: number, y: number, period: number, seed: number, octaves = 4): number {
  let [sum, weight] = [0, 0.5];
  for (let o = 0; o < octaves; o++) {
    sum += tiled(x, y, period * 2 ** o, seed + o) * weight;
    weight /= 2;
  }
  return sum / (1 - 0.5 ** octaves);
}

const leather = each((x, y) => {
  let best = 1;
  const n = 46;
  const [cx, cy] = [Math.floor(x * n), Math.floor(y * n)];
  for (let j = -1; j <= 1; j++) {
    for (let i = -1; i <= 1; i++) {
      const [a, b] = [(cx + i + n) % n, (cy + j + n) % n];
      const px = cx + i + 0.2 + 0.6 * noise(a, b, 5);
      const py = cy + j + 0.2 + 0.6 * noise(a, b, 9);
      best = Math.min(best, Math.hypot(x * n - px, y * n - py));
    }
  }
  return 1 - best * 0.9;
});

const weave = (threads: number, depth: number): Paint =>
  each((x, y) => {
    const [a, b] = [x * threads, y * threads];
    const over = (Math.floor(a) + Math.floor(b)) % 2 === 0;
    const across = Math.sin((over ? b % 1 : a % 1) * Math.PI);
    return 0.5 + depth * (across - 0.5) + 0.12 * (noise(a * 2, b * 2, 3) - 0.5);
  });

const twill = each(
  (x, y) => 0.5 + 0.4 * Math.sin((x * 64 + y * 64) * Math.PI * 2) + 0.1 * (noise(x * 300, y * 300, 2) - 0.5),
);
const knit = each((x, y) => {
  const [a, b] = [x * 30, y * 36];
  const v = Math.abs((a % 1) - 0.5) * 2;
  return (
    0.25 + 0.75 * Math.abs(Math.sin((b + v * 0.6) * Math.PI)) * Math.sqrt(Math.max(0, Math.sin((a % 1) * Math.PI)))
  );
});
const fuzz = each((x, y) => 0.5 + 0.5 * (cloud(x, y, 64, 7, 3) - 0.5) * 2);
const stone = each((x, y) => cloud(x, y, 16, 13, 5));

const wood = each((x, y) => {
  const plank = Math.floor(y * 4);
  const edge = (y * 4) % 1;
  const warp = cloud(x, y, 4, 21) * 0.35;
  const grain = cloud((x * 0.25 + warp * 0.08) % 1, (y * 6) % 1, 8, 30 + plank, 5);
  const line = 0.5 + 0.5 * Math.sin((y * 4 + warp * 1.4 + plank * 0.37) * 40);
  const tone =
    0.62 +
    0.22 * (grain - 0.5) +
    0.07 * (line - 0.5) +
    0.09 * (noise(plank, 3, 8) - 0.5) -
    (edge < 0.02 || edge > 0.985 ? 0.24 : 0);
  return [tone * 0.98, tone * 0.74, tone * 0.52];
});

const marble = each((x, y) => {
  const bend = cloud(x, y, 3, 41, 5);
  const vein = Math.abs(Math.sin((x + y * 0.6 + bend * 1.7) * Math.PI * 4)) ** 0.35;
  const fine = Math.abs(Math.sin((x * 2 - y + bend * 2.6) * Math.PI * 6)) ** 0.25;
  const tone = 0.72 + 0.2 * vein + 0.06 * fine;
  return [tone, tone * 0.99, tone * 0.975];
});

const terrazzo: Paint = (data, random) => {
  each(() => [0.84, 0.82, 0.79])(data, random);
  for (let k = 0; k < 420; k++) {
    const [cx, cy, r] = [random() * 512, random() * 512, 2 + random() * 9];
    const shade = [
      [0.45, 0.42, 0.4],
      [0.68, 0.52, 0.42],
      [0.95, 0.94, 0.92],
      [0.55, 0.6, 0.58],
    ][Math.floor(random() * 4)]!;
    for (let y = -r; y <= r; y++) {
      for (let x = -r; x <= r; x++) {
        if (Math.abs(x) + Math.abs(y) * (0.7 + random() * 0.1) > r) continue;
        const i = ((((cy + y) | 0) & 511) * 512 + (((cx + x) | 0) & 511)) * 4;
        for (let c = 0; c < 3; c++) data[i + c] = shade[c]! * 255;
      }
    }
  }
};

const PAINTERS: Readonly<Record<string, readonly [Paint, boolean]>> = {
  blank: [each(() => 1), true],
  flat: [each(() => 0.5), false],
  leather: [leather, false],
  canvas: [weave(60, 0.7), false],
  linen: [weave(110, 0.55), false],
  wicker: [weave(22, 0.95), false],
  twill: [twill, false],
  knit: [knit, false],
  fuzz: [fuzz, false],
  stone: [stone, false],
  wood: [wood, true],
  marble: [marble, true],
  terrazzo: [terrazzo, true],
};
