import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drawBlocks } from "../../../tests/stand-ins.ts";
import type { CollectedRecord } from "../../record.ts";
import { openArchive } from "../../store/archive-folder.ts";
import { readRecords, readSummary } from "../../store/unit.ts";
import { collect } from "../collect.ts";
import { PoliteClient } from "../http/polite-client.ts";
import type { Provider } from "../provider.ts";
import { createHttpListProvider } from "../providers/http-list.ts";
import { createOpenverse } from "./openverse.ts";
import { createPexels } from "./pexels.ts";
import { createPixabay } from "./pixabay.ts";
import { createSearchProvider, type SearchApi } from "./search-provider.ts";
import { createUnsplash } from "./unsplash.ts";

let server: Server;
let base: string;
let dir: string;
let asked: { path: string; query: URLSearchParams; authorization: string | undefined }[] = [];
/** What the API answers instead of its page, once. */
let instead: { type: string; body: string } | undefined;

/** Two hits in the shape of each API; the second has another creator. */
const pages: Record<string, (picture: (n: number) => string) => unknown> = {
  "/v1/images/": (picture) => ({
    results: [
      {
        url: picture(1),
        foreign_landing_url: "https://page/1",
        title: "A dog",
        creator: "Ann",
        creator_url: "https://ann",
        license: "by",
        license_version: "4.0",
        license_url: "https://cc/by",
        attribution: "A dog by Ann, CC BY 4.0",
      },
      { url: picture(2), foreign_landing_url: "https://page/2", license: "by-nc", creator: "Bob", mature: false },
    ],
  }),
  "/search/photos": (picture) => ({
    results: [1, 2].map((n) => ({
      id: `u${n}`,
      alt_description: "a dog",
      urls: { regular: picture(n) },
      links: { html: `https://page/${n}`, download_location: `${base}/download/${n}` },
      user: { name: "Ann", links: { html: `https://ann/${n}` } },
    })),
  }),
  "/v1/search": (picture) => ({
    photos: [1, 2].map((n) => ({
      url: `https://page/${n}`,
      photographer: "Ann",
      photographer_url: `https://ann/${n}`,
      alt: "a dog",
      src: { large: picture(n) },
    })),
  }),
  "/api/": (picture) => ({
    hits: [1, 2].map((n) => ({
      pageURL: `https://page/${n}`,
      tags: "dog, rain",
      largeImageURL: picture(n),
      user: "Ann",
      user_id: n,
    })),
  }),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", base);
      asked.push({ path: url.pathname, query: url.searchParams, authorization: request.headers.authorization });
      const page = pages[url.pathname];
      if (page !== undefined || url.pathname.startsWith("/download/")) {
        const body = page?.((n) => `${base}/picture/${n}.png`) ?? { url: "https://cdn/x" };
        const reply = instead ?? { type: "application/json", body: JSON.stringify(body) };
        instead = undefined;
        response.writeHead(200, { "Content-Type": reply.type }).end(reply.body);
      } else if (url.pathname.startsWith("/picture/")) {
        response.writeHead(200, { "Content-Type": "image/png" }).end(await drawBlocks(url.pathname, 64));
      } else response.writeHead(404).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = await mkdtemp(join(tmpdir(), "archive-"));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});

const client = new PoliteClient({
  userAgent: "moodarchive (+test@example.org)",
  intervalMs: 0,
  backoffMs: 5,
  policy: { allowNetworks: ["127.0.0.0/8"] },
});
const apis: Record<string, () => SearchApi> = {
  openverse: () => createOpenverse(client, { baseUrl: base }),
  unsplash: () => createUnsplash(client, { key: "k-1", baseUrl: base }),
  pexels: () => createPexels(client, { key: "k-1", baseUrl: base }),
  pixabay: () => createPixabay(client, { key: "k-1", baseUrl: base }),
};
const search = (api: SearchApi): Provider =>
  createSearchProvider(api, client, { phrases: { joy: { natural: ["a dog in the rain"] } }, perPhrase: 2 });

async function collectAll(name: string, provider: Provider) {
  const archive = await openArchive(join(dir, name), { unitSize: 100 });
  const report = await collect(archive, provider);
  const records = await readRecords<CollectedRecord>(archive, "collect", (await readSummary(archive, "collect", 0))!);
  return { archive, report, records };
}

describe("a search", () => {
  it.each(["unsplash", "pexels", "pixabay"])("keeps what %s says about its pictures", async (name) => {
    const { report, records } = await collectAll(name, search(apis[name]!()));
    expect(report).toMatchObject({ in: 2, out: 2, refused: {} });
    expect(records[0]).toMatchObject({
      source: name,
      emotion: "joy",
      context: "natural",
      phrase: "a dog in the rain",
      uri: "https://page/1",
    });
    expect(records[0]!.attribution).toMatch(/^Photo by Ann .*on (Unsplash|Pexels|Pixabay)$/);
    expect(records[0]!.licence.url).toMatch(/^https:/);
    expect(new Set(records.map(({ group }) => group)).size).toBe(2);
    // No record and no plan carries the key.
    expect(JSON.stringify(records)).not.toContain("k-1");
    const [first] = asked;
    expect(name === "pixabay" ? first!.query.get("key") : first!.authorization).toContain("k-1");
    expect(asked.filter(({ path }) => path.startsWith("/download/"))).toHaveLength(name === "unsplash" ? 2 : 0);
  });

  it("takes only licences that allow changes, and says which it left", async () => {
    const { report, records } = await collectAll("openverse", search(apis["openverse"]!()));
    expect(report).toMatchObject({ in: 2, out: 1, refused: { LICENCE: 1 } });
    expect(records[0]).toMatchObject({
      licence: { id: "CC-BY-4.0", url: "https://cc/by" },
      attribution: "A dog by Ann, CC BY 4.0",
      group: "openverse:https://ann",
    });
    expect(asked[0]!.query.get("license")).toBe("cc0,pdm,by,by-sa");
  });

  it.each([
    ["text/html", "<html>", /expected JSON, got text\/html/],
    ["application/json", '{"photos": 3}', /pexels: photos is not what the API promises/],
  ])("stops at %s that is not what was asked for, and goes on when run again", async (type, body, fault) => {
    const archive = await openArchive(join(dir, `broken-${body.length}`), { unitSize: 100 });
    instead = { type, body };
    await expect(collect(archive, search(apis["pexels"]!()))).rejects.toMatchObject({
      reason: "PROVIDER_FAILED",
      message: expect.stringMatching(fault),
    });
    expect(await collect(archive, search(apis["pexels"]!()))).toMatchObject({ in: 2, out: 2 });
  });
});

describe("an HTTP list", () => {
  it("fetches what it names with its terms, and refuses the rest with the reason", async () => {
    const file = join(dir, "list.jsonl");
    const row = { licence: "CC0-1.0", context: "object", emotion: "fear", attribution: "Ann" };
    const urls = ["picture/7.png", "missing.png"].map((path) => `${base}/${path}`);
    await writeFile(file, urls.map((url) => JSON.stringify({ ...row, url })).join("\n"));
    const { report, records } = await collectAll("list", await createHttpListProvider(file, client));
    expect(report).toMatchObject({ in: 2, out: 1, refused: { DOWNLOAD_FAILED: 1 } });
    expect(records[0]).toMatchObject({ uri: urls[0], licence: { id: "CC0-1.0" }, emotion: "fear", attribution: "Ann" });
  });

  it("names the line and field that is wrong", async () => {
    const file = join(dir, "bad.jsonl");
    await writeFile(file, `\n${JSON.stringify({ url: "ftp://x/y", licence: "CC0-1.0", context: "object" })}\n`);
    const archive = await openArchive(join(dir, "bad"), { unitSize: 100 });
    await expect(collect(archive, await createHttpListProvider(file, client))).rejects.toThrow(/line 2 .*url/);
  });
});
