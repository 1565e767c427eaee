import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const script = path.resolve(import.meta.dirname, "../../deploy/images/fetch-models.mjs");
const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
const entry = (data: string) => ({ sha256: sha256(data), bytes: data.length });

const files: Record<string, string> = { "unet.onnx": "weights".repeat(1000), "tokenizer/vocab.json": "{}" };
/** What the server sends, by path; a number is a status. */
let served: Record<string, string | number>;
let requests: string[];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const name = request.url ?? "";
    requests.push(name);
    const content = served[name] ?? 404;
    if (typeof content === "number") {
      // A fault that passes: the next request gets the file.
      if (content >= 500) served[name] = files[name.replace("/mini/", "")] ?? 404;
      response.writeHead(content).end();
    } else {
      response.end(content);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const manifest = JSON.stringify({
  files: Object.fromEntries(Object.entries(files).map(([name, data]) => [name, entry(data)])),
});

beforeEach(() => {
  requests = [];
  served = { "/mini/manifest.json": manifest };
  for (const [name, data] of Object.entries(files)) served[`/mini/${name}`] = data;
});

function fetchModels(target: string, digest = sha256(manifest)): Promise<{ code: number | null; errors: string }> {
  const env = { PATH: process.env["PATH"], MODEL_URL: `${url}/`, MODEL_FAMILY: "mini", MANIFEST_SHA256: digest };
  const child = spawn(process.execPath, [script], {
    env: { ...env, TARGET: target },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += String(chunk)));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, errors })));
}

const emptyFolder = () => mkdtempSync(path.join(tmpdir(), "moodifier-fetch-"));

describe("fetch-models", () => {
  it("brings what the manifest lists, and nothing twice", async () => {
    const target = emptyFolder();
    expect(await fetchModels(target)).toEqual({ code: 0, errors: "" });
    for (const [name, data] of Object.entries(files)) {
      expect(readFileSync(path.join(target, "mini", name), "utf8")).toBe(data);
    }
    expect(readFileSync(path.join(target, "mini/manifest.json"), "utf8")).toBe(manifest);
    requests = [];
    expect((await fetchModels(target)).code).toBe(0);
    expect(requests).toEqual(["/mini/manifest.json"]);
  });

  it("tries again when the server has a passing fault", async () => {
    served["/mini/unet.onnx"] = 503;
    expect((await fetchModels(emptyFolder())).code).toBe(0);
  });

  it("refuses another manifest, a damaged file and a file that isn't there, and leaves no manifest behind", async () => {
    const target = emptyFolder();
    const other = await fetchModels(target, sha256("other"));
    expect(other).toMatchObject({ code: 1 });
    expect(other.errors).toContain("manifest.json: expected sha256");
    served["/mini/unet.onnx"] = "weightz".repeat(1000);
    expect((await fetchModels(target)).errors).toContain("unet.onnx: expected sha256");
    served["/mini/unet.onnx"] = "weights".repeat(1001);
    expect((await fetchModels(target)).errors).toContain("more than the 7000 bytes");
    delete served["/mini/unet.onnx"];
    expect((await fetchModels(target)).errors).toContain("the server answered 404");
    expect(existsSync(path.join(target, "mini/manifest.json"))).toBe(false);
    expect(readdirSync(path.join(target, "mini")).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("refuses a manifest that leads out of the folder", async () => {
    const evil = JSON.stringify({ files: { "../../escape": entry("x") } });
    served["/mini/manifest.json"] = evil;
    expect((await fetchModels(emptyFolder(), sha256(evil))).errors).toContain("leads out of the folder");
  });
});
