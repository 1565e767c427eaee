import { loadManifest } from "@moodifier/inference";
import { expect, test } from "vitest";
import { choosePreset } from "./presets.ts";

const manifest = await loadManifest(new URL("../../../../tests/golden/tiny", import.meta.url).pathname);

test("at the default intensity the manifest's preset applies over its defaults", () => {
  const { steps, guidanceScale } = manifest.defaults;
  const { crossReplace, selfReplace } = manifest.presets["shape"] ?? {};
  expect(choosePreset(manifest, "shape", 0.8)).toEqual({ steps, guidanceScale, crossReplace, selfReplace });
  expect(choosePreset(manifest, "style", 0.8).steps).toBe(manifest.presets["style"]?.steps);
});

test("strengths follow intensity and stay in range", () => {
  for (const kind of ["shape", "colour", "add"] as const) {
    const [mild, strong] = [choosePreset(manifest, kind, 0), choosePreset(manifest, kind, 1)];
    expect(strong.guidanceScale).toBeGreaterThan(mild.guidanceScale);
    expect(strong.crossReplace).toBeLessThanOrEqual(mild.crossReplace);
    for (const preset of [mild, strong]) {
      expect(preset.guidanceScale).toBeGreaterThan(1);
      expect(preset.guidanceScale).toBeLessThanOrEqual(15);
      for (const share of [preset.crossReplace, preset.selfReplace])
        expect(share).toBe(Math.min(1, Math.max(0, share)));
    }
  }
});
