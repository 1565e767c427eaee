import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Rendered } from "../rendered.ts";
import type { Scene } from "../scene.ts";

/** Renders on disk, named by what they show: a data set is drawn once however often it is written. */
export class RenderCache {
  readonly #dir: string;
  /** Digest of whatever draws: another renderer, another name. */
  readonly #painter: string;

  constructor(dir: string, painter: string) {
    this.#dir = dir;
    this.#painter = painter;
  }

  /** The cached render of a scene, or undefined; a damaged file counts as absent. */
  async get(scene: Scene, size: number): Promise<Rendered | undefined> {
    try {
      const bytes = inflateRawSync(await readFile(this.#path(scene, size)));
      if (bytes.length !== size * size * 4) return undefined;
      const picture = new Uint8Array(bytes.subarray(0, size * size * 3));
      return { width: size, height: size, picture, parts: new Uint8Array(bytes.subarray(size * size * 3)) };
    } catch {
      return undefined;
    }
  }

  async put(scene: Scene, size: number, rendered: Rendered): Promise<void> {
    const path = this.#path(scene, size);
    await mkdir(dirname(path), { recursive: true });
    const part = `${path}.${process.pid}.${Math.floor(performance.now() * 1000)}.part`;
    await writeFile(part, deflateRawSync(Buffer.concat([rendered.picture, rendered.parts]), { level: 1 }));
    await rename(part, path);
  }

  #path(scene: Scene, size: number): string {
    const key = createHash("sha256")
      .update(JSON.stringify([this.#painter, size, scene]))
      .digest("hex");
    return join(this.#dir, key.slice(0, 2), `${key}.bin`);
  }
}
