import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { WorldError } from "../world-error.ts";

/** Where Chromium usually lies; MOODIFIER_CHROMIUM names another. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The path of an installed Chromium, or undefined. */
export function findChromium(): string | undefined {
  const named = process.env["MOODIFIER_CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  return PLACES.find((place) => existsSync(place));
}

/** Says what to do where {@link findChromium} finds nothing. */
export function chromiumMissing(): WorldError {
  return new WorldError(
    "CHROMIUM_MISSING",
    "products and sceneries are drawn by Chromium and none was found: install it (Debian and Ubuntu: apt-get install chromium; " +
      "macOS: brew install chromium) or set MOODIFIER_CHROMIUM to its path; faces need none",
  );
}

let bundle: Promise<string> | undefined;

/** The page's script, bundled once per process from its TypeScript sources. */
export function bundlePage(): Promise<string> {
  bundle ??= bundleSources();
  return bundle;
}

// Bundler and driver load with the first picture that needs them: faces are drawn without.
async function bundleSources(): Promise<string> {
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: [fileURLToPath(new URL("../../page/main.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    logLevel: "silent",
  });
  return result.outputFiles[0]!.text;
}

/** Starts Chromium on its software renderer and loads the page; the software renderer makes pictures equal on every machine. */
export async function openPage(): Promise<{ browser: Browser; page: Page }> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw chromiumMissing();
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--ignore-gpu-blocklist",
      "--force-color-profile=srgb",
      // Patterns are painted on 2D canvases, which Chromium may move between two rasterisers with other edges.
      "--disable-accelerated-2d-canvas",
    ],
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.setContent("<html><body></body></html>");
  await page.addScriptTag({ content: await bundlePage() });
  return { browser, page };
}
