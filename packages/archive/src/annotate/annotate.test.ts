import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAnnotator, createBlocksProvider } from "../../tests/stand-ins.ts";
import { collect } from "../collect/collect.ts";
import { filter } from "../filter/filter.ts";
import { type Archive, openArchive } from "../store/archive-folder.ts";
import { parseLines } from "../store/unit.ts";
import { annotate } from "./annotate.ts";
import type { Annotator, RawAnnotation } from "./annotator.ts";
import { checkAnnotation } from "./check-annotation.ts";

const box = { x0: 0.1, y0: 0.2, x1: 0.6, y1: 0.7 };
const good: RawAnnotation = {
  summary: "A vase on a table",
  stimuli: ["neck", "belly", "foot"].map((part) => ({ text: `The ${part} of the vase droops.`, box })),
  overall: "The picture conveys sadness.",
  emotion: "sadness",
  modelId: "m",
};

describe("checkAnnotation", () => {
  it("keeps what is right and ends every sentence", () => {
    expect(checkAnnotation(good)).toMatchObject({
      summary: "A vase on a table.",
      stimuli: [{ box: [0.1, 0.2, 0.6, 0.7] }, {}, {}],
    });
  });

  it.each([
    [{ emotion: "happiness" }, /emotion: expected one of the 28 names, got "happiness"/],
    [{ stimuli: good.stimuli.slice(1) }, /stimuli: expected 3, got 2/],
    [{ stimuli: [good.stimuli[0]!, good.stimuli[0]!, good.stimuli[1]!] }, /three different/],
    [{ stimuli: good.stimuli.map((stimulus) => ({ ...stimulus, box: { ...box, x1: 0.1 } })) }, /left < right/],
    [{ summary: " " }, /summary: expected a sentence/],
    [{ overall: '{"overall": "joy"}' }, /overall: expected plain words/],
    [{ summary: "long ".repeat(300) }, /at most 1200 characters/],
  ])("names the fault of %j", (change, fault) => {
    const { faults } = checkAnnotation({ ...good, ...change }) as { faults: string[] };
    expect(faults[0]).toMatch(fault);
  });
});

describe("annotate", () => {
  let dir: string;
  let archive: Archive;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "archive-"));
    archive = await openArchive(dir, { unitSize: 10 });
    await collect(archive, createBlocksProvider(6));
    await filter(archive, { minSide: 64 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const answering = (reply: (asked: number) => Awaited<ReturnType<Annotator["annotate"]>>) => {
    const annotator = createAnnotator();
    return { ...annotator, annotate: async () => reply(annotator.asked++), count: () => annotator.asked };
  };

  it("asks once more after a bad reply", async () => {
    const annotator = answering((asked) => (asked % 2 === 0 ? { ...good, stimuli: [] } : good));
    expect(await annotate(archive, annotator, { concurrency: 1 })).toMatchObject({ in: 6, out: 6 });
    expect(annotator.count()).toBe(12);
  });

  it("refuses a record after two bad replies and keeps why", async () => {
    const annotator = answering((asked) => (asked < 2 ? { ...good, emotion: "?" } : good));
    const report = await annotate(archive, annotator, { concurrency: 1 });
    expect(report).toMatchObject({ in: 6, out: 5, refused: { ANNOTATION_INVALID: 1 } });
    const [refused] = parseLines<{ detail: string; uri: string }>(
      await readFile(archive.unitPath("annotate", 0, "refused.jsonl"), "utf8"),
    );
    expect(refused).toMatchObject({ uri: "blocks:0", detail: expect.stringContaining('got "?"') });
  });

  it("keeps what is done when the service goes away in the middle of a unit", async () => {
    const failing = answering((asked) => {
      if (asked === 4) throw new Error("gone");
      return good;
    });
    await expect(annotate(archive, failing, { concurrency: 1 })).rejects.toThrow("gone");
    const next = createAnnotator();
    expect(await annotate(archive, next, { concurrency: 1 })).toMatchObject({ in: 6, out: 6 });
    expect(next.asked).toBe(2);
  });

  it("has pictures described anew by another model, and not by the same one", async () => {
    await annotate(archive, createAnnotator());
    const same = createAnnotator();
    await annotate(archive, same);
    expect(same.asked).toBe(0);
    const other = { ...answering(() => good), identify: async () => "another model" };
    expect(await annotate(archive, other)).toMatchObject({ in: 6, out: 6 });
    expect(other.count()).toBe(6);
  });
});
