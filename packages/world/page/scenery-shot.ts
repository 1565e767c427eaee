import type { SceneryScene } from "../src/sceneries/scene.ts";
import type { Shot, Stage } from "./stage.ts";
export function shootScenery(_stage: Stage, scene: SceneryScene, _size: number): Shot {
  throw new Error(`no ${scene.category} yet`);
}
