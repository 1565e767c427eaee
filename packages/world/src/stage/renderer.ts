import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { checkSize, render } from "../render.ts";
import type { Rendered } from "../rendered.ts";
import type { Scene } from "../scene.ts";
import { WorldError } from "../world-error.ts";
import { bundlePage, openPage } from "./browser.ts";
import { RenderCache } from "./cache.ts";

export interface RendererOptions {
  /** Folder of cached renders of products and places; none are kept when absent. */
  readonly cacheDir?: string;
}

/** Draws every kind of scene. Chromium starts with the first product or place and stops with {@link close}. */
export class WorldRenderer {
  readonly #cacheDir: string | undefined;
  #opened: Promise<{ browser: Browser; page: Page }> | undefined;
  #cache: RenderCache | undefined;
  /** What each of two lanes draws: while the browser's renderer is at one picture, the page builds the next. */
  readonly #lanes: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()];
  #asked = 0;

  constructor({ cacheDir }: RendererOptions = {}) {
    this.#cacheDir = cacheDir;
  }

  /**
   * Draws a scene at `size` x `size` pixels (16..2048) with its part ids. Two scenes at a time; further calls queue.
   * Throws {@link WorldError}: CHROMIUM_MISSING, RENDER_FAILED, SIZE_OUT_OF_RANGE.
   */
  async render(scene: Scene, size: number): Promise<Rendered> {
    checkSize(size);
    if (scene.kind === "drawn" || scene.kind === "parametric") return render(scene, size);
    const cache = await this.#openCache();
    const cached = await cache?.get(scene, size);
    if (cached !== undefined) return cached;
    const lane = this.#asked++ % 2 === 0 ? 0 : 1;
    const drawn = this.#lanes[lane].then(() => this.#draw(scene, size));
    this.#lanes[lane] = drawn.catch(() => undefined);
    const rendered = await drawn;
    await cache?.put(scene, size, rendered);
    return rendered;
  }

  /** Lays pictures out in columns under captions and encodes them as JPEG (quality 0..1) or WebP. */
  async drawSheet(
    tiles: readonly { rendered: Rendered; label: string }[],
    options: { columns: number; type: string; quality: number },
  ): Promise<Buffer> {
    const { page } = await this.#open();
    const sheet = tiles.map(({ rendered, label }) => ({
      rgb: Buffer.from(rendered.picture).toString("base64"),
      size: rendered.width,
      label,
    }));
    const url = await page.evaluate(
      ([list, choice]) =>
        (globalThis as unknown as { moodworld: { sheet(a: unknown, b: unknown): string } }).moodworld.sheet(
          list,
          choice,
        ),
      [sheet, options] as const,
    );
    return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  }

  /** Process ids that drawing costs time in, for benches. */
  async warm(): Promise<void> {
    await this.#open();
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.browser.close();
  }

  #open(): Promise<{ browser: Browser; page: Page }> {
    this.#opened ??= openPage();
    return this.#opened;
  }

  async #openCache(): Promise<RenderCache | undefined> {
    if (this.#cacheDir === undefined) return undefined;
    this.#cache ??= new RenderCache(
      this.#cacheDir,
      createHash("sha256")
        .update(await bundlePage())
        .digest("hex"),
    );
    return this.#cache;
  }

  async #draw(scene: Scene, size: number): Promise<Rendered> {
    const { page } = await this.#open();
    try {
      const { rgb, parts } = await page.evaluate(
        ([what, pixels]) =>
          (
            globalThis as unknown as {
              moodworld: { draw(a: unknown, b: number): Promise<{ rgb: string; parts: string }> };
            }
          ).moodworld.draw(what, pixels),
        [scene, size] as const,
      );
      return {
        width: size,
        height: size,
        picture: new Uint8Array(Buffer.from(rgb, "base64")),
        parts: new Uint8Array(Buffer.from(parts, "base64")),
      };
    } catch (error) {
      const what = `${scene.category} of seed ${scene.seed} (${scene.style})`;
      throw new WorldError(
        "RENDER_FAILED",
        `the browser could not draw the ${what}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** A renderer for every kind of scene. Close it: it holds a browser. */
export function openRenderer(options: RendererOptions = {}): WorldRenderer {
  return new WorldRenderer(options);
}
