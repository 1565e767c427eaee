import type { ProductScene } from "../src/products/scene.ts";
import type { SceneryScene } from "../src/sceneries/scene.ts";
import { shootProduct } from "./product-shot.ts";
import { shootScenery } from "./scenery-shot.ts";
import { layOut } from "./sheet.ts";
import { Stage } from "./stage.ts";

const stage = new Stage();

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** What the page gives to its driver: a scene and a size in, base64 of rgb bytes and of part ids out; and contact sheets. */
const page = {
  async draw(scene: ProductScene | SceneryScene, size: number): Promise<{ rgb: string; parts: string }> {
    const asked = scene.kind === "product" ? shootProduct(stage, scene, size) : shootScenery(stage, scene, size);
    const { rgb, parts } = await asked;
    return { rgb: toBase64(rgb), parts: toBase64(parts) };
  },
  sheet: layOut,
};
(globalThis as unknown as { moodworld: typeof page }).moodworld = page;
