import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBlocksProvider } from "../../tests/stand-ins.ts";
import { collect, filter, openArchive } from "../index.ts";
import { readRecords, readSummary } from "../store/unit.ts";

it("records what the bytes are, not what the source calls them", async () => {
  const dir = await mkdtemp(join(tmpdir(), "archive-"));
  try {
    const archive = await openArchive(dir, { unitSize: 4 });
    const honest = createBlocksProvider(4);
    await collect(archive, {
      ...honest,
      async *list(spec, signal) {
        for await (const item of honest.list(spec, signal)) {
          if ("declined" in item) yield item;
          else yield { ...item, open: async (stop) => ({ ...(await item.open(stop)), mediaType: "image/jpeg" }) };
        }
      },
    });
    await filter(archive, { minSide: 64 });
    const summary = await readSummary(archive, "filter", 0);
    const records = await readRecords<{ mediaType: string }>(archive, "filter", summary!);
    expect(records.map(({ mediaType }) => mediaType)).toEqual(Array(4).fill("image/png"));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
