import { describe, expect, it } from "vitest";
import { PoliteClient } from "../http/polite-client.ts";
import { createSearchProvider, type SearchApi, type SearchHit } from "./search-provider.ts";

const client = new PoliteClient({ userAgent: "moodarchive (+test@example.org)" });
const phrases = { joy: { natural: ["a dog in the rain"] } };

/** An API that knows `total` pictures of everything, eight on a page; every third is declined. */
function createApi(total: number): { api: SearchApi; asked: number[] } {
  const asked: number[] = [];
  const search = (_phrase: string, page: number): Promise<SearchHit[]> => {
    asked.push(page);
    const first = (page - 1) * 8;
    const hits = Array.from({ length: Math.max(0, Math.min(8, total - first)) }, (_, i) => ({
      imageUrl: `https://x/${first + i}.png`,
      pageUrl: `https://x/${first + i}`,
      licence: { id: "CC0-1.0" },
      attribution: "",
      ...((first + i) % 3 === 2 && { declined: "licence by-nc" }),
    }));
    return Promise.resolve(hits);
  };
  return { api: { name: "eights", perPage: 8, search }, asked };
}

async function run(perPhrase: number, unitSize: number, total = 1000) {
  const { api, asked } = createApi(total);
  const provider = createSearchProvider(api, client, { phrases, perPhrase });
  const units: string[][] = [];
  let expected = 0;
  for await (const unit of provider.plan({ unitSize })) {
    const uris: string[] = [];
    for await (const { uri } of provider.list(unit.spec, undefined)) uris.push(uri);
    units.push(uris);
    expected += unit.expected;
  }
  return { units, expected, asked };
}
const places = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `https://x/${from + i}`);

describe("a search provider", () => {
  it("takes as many hits of a phrase as asked for, not whole pages", async () => {
    expect(await run(5, 100)).toEqual({ units: [places(0, 5)], expected: 5, asked: [1] });
    expect(await run(20, 100)).toEqual({ units: [places(0, 20)], expected: 20, asked: [1, 2, 3] });
  });

  it("cuts units of whole pages, and smaller ones where a page is larger than a unit", async () => {
    expect(await run(20, 17)).toEqual({ units: [places(0, 16), places(16, 20)], expected: 20, asked: [1, 2, 3] });
    const { units, asked } = await run(12, 5);
    expect(units).toEqual([places(0, 5), places(5, 10), places(10, 12)]);
    expect(asked).toEqual([1, 1, 2, 2]);
  });

  it("stops where the hits end", async () => {
    expect(await run(20, 100, 11)).toEqual({ units: [places(0, 11)], expected: 20, asked: [1, 2] });
  });

  it.each([0, -1, 2.5, Number.NaN])("refuses %s hits a phrase", async (perPhrase) => {
    await expect(run(perPhrase, 100)).rejects.toMatchObject({
      reason: "OPTION_INVALID",
      message: expect.stringContaining("per-phrase"),
    });
  });
});
