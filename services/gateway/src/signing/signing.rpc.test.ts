import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import initialize, { WasmReader } from "@contentauth/c2pa-wasm";
import { renderRendition } from "@moodifier/inference";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drawPicture, formOf, startGateway } from "../testing/gateway-under-test.ts";
import { openSigner } from "./open-signer.ts";
import { KEY_KINDS, writeCredentials } from "../testing/signing-credentials.ts";

interface Manifests {
  readonly active_manifest: string;
  readonly validation_state: string;
  readonly manifests: Readonly<Record<string, Manifest>>;
}
interface Manifest {
  readonly claim_generator_info: readonly { name: string }[];
  readonly signature_info: { issuer: string };
  readonly ingredients: readonly object[];
  readonly assertions: readonly {
    label: string;
    data: { actions?: { action: string; digitalSourceType?: string }[] };
  }[];
}

const facts = { tool: { name: "Moodifier", version: "1.2.3" }, sourceType: "trainedAlgorithmicMedia" } as const;
const sourceType = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
const { signal } = new AbortController();
let folder: string;

beforeAll(async () => {
  const wasm = await readFile(new URL(import.meta.resolve("@contentauth/c2pa-wasm/c2pa.wasm")));
  await initialize({ module_or_path: wasm });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodifier-signing-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a reader that trusts the authority finds in a file. */
async function readManifests(data: Buffer, mediaType: string, authority?: string): Promise<Manifests> {
  const context = JSON.stringify(authority === undefined ? {} : { trust: { trust_anchors: authority } });
  using reader = await WasmReader.fromBytes(mediaType, data, context);
  return JSON.parse(reader.json()) as Manifests;
}

function activeOf(found: Manifests): Manifest {
  const active = found.manifests[found.active_manifest];
  if (!active) throw new Error("no active manifest");
  return active;
}

describe("a signer", () => {
  it.each(Object.keys(KEY_KINDS) as (keyof typeof KEY_KINDS)[])(
    "makes valid signatures with a key %s",
    async (kind) => {
      const { authority, ...settings } = await writeCredentials(folder, { kind });
      const signer = await openSigner(settings, facts);
      const data = await signer.sign({ data: await drawPicture(30, 20), mediaType: "image/png" }, signal);
      await signer.close();
      expect((await readManifests(data, "image/png", authority)).validation_state).toBe("Trusted");
      expect((await readManifests(data, "image/png")).validation_state).toBe("Valid");
    },
  );

  it.each(["png", "jpeg", "webp", "avif", "tiff"] as const)(
    "signs %s, adds no more than it says, and any change shows",
    async (format) => {
      const { authority, ...settings } = await writeCredentials(folder);
      const signer = await openSigner(settings, facts);
      const file = await renderRendition(await drawPicture(300, 200), { format });
      const data = await signer.sign(file, signal);
      await signer.close();
      expect(data.length - file.data.length).toBeLessThanOrEqual(signer.addedBytes);
      const found = await readManifests(data, file.mediaType, authority);
      expect(found.validation_state).toBe("Trusted");
      const {
        claim_generator_info: [tool],
        ingredients,
        assertions,
      } = activeOf(found);
      expect(tool).toMatchObject(facts.tool);
      expect(ingredients).toMatchObject([{ relationship: "parentOf" }]);
      const actions = assertions.flatMap(({ data: assertion }) => assertion.actions ?? []);
      expect(actions).toMatchObject([
        { action: "c2pa.opened" },
        { action: "c2pa.edited", digitalSourceType: sourceType },
      ]);
      const at = data.length - 40;
      data[at] = data[at]! ^ 1;
      expect((await readManifests(data, file.mediaType, authority)).validation_state).toBe("Invalid");
    },
  );

  it("is refused at the start when files are missing, do not belong together, or no reader would take them", async () => {
    const wrong = { code: "INVALID_ARGUMENT", reason: "CONFIG_INVALID" };
    const { c2paCertificates, c2paKey } = await writeCredentials(folder);
    const open = (settings: object) => openSigner(settings, facts);
    await expect(open({ c2paKey })).rejects.toMatchObject(wrong);
    await expect(open({ c2paKey, c2paCertificates: join(folder, "none") })).rejects.toMatchObject(wrong);
    await writeFile(join(folder, "text"), "no key");
    await expect(open({ c2paKey: join(folder, "text"), c2paCertificates })).rejects.toMatchObject(wrong);
    const other = await writeCredentials(folder, { kind: "P-384" });
    await expect(open({ c2paKey: other.c2paKey, c2paCertificates })).rejects.toThrow(
      /the key of the first certificate/,
    );
    const server = await writeCredentials(folder, { usage: "server" });
    await expect(open(server)).rejects.toThrow(/signingCredential\.invalid/);
  });
});

it("a gateway with a key signs results and files of batches within their budget, and keeps nothing of the source's file", async () => {
  const { authority, ...settings } = await writeCredentials(folder);
  const gateway = await startGateway(settings);
  try {
    const body = formOf({ image: gateway.picture, emotion: "joy", output_format: "jpeg", output_max_bytes: "20000" });
    const headers = { Prefer: "wait=60" };
    const edited = await fetch(`${gateway.url}/v1/edits`, { method: "POST", body, headers });
    const { urls } = (await edited.json()) as { urls: { result: string } };
    const result = Buffer.from(await (await fetch(urls.result)).arrayBuffer());
    expect(result.length).toBeLessThanOrEqual(20_000);
    const found = await readManifests(result, "image/jpeg", authority);
    expect(found.validation_state).toBe("Trusted");
    expect(Object.keys(found.manifests)).toHaveLength(1);
    expect(activeOf(found).signature_info.issuer).toBe("Moodifier");

    const upload = { method: "POST", body: new Uint8Array(gateway.picture), headers: { "Content-Type": "image/png" } };
    const { reference } = (await (await fetch(`${gateway.url}/v1/uploads`, upload)).json()) as { reference: string };
    const form = new FormData();
    form.append("manifest", new Blob([`image,emotion\n${reference},joy`]));
    const renditions = [{ format: "png" }, { format: "webp", max_bytes: 20_000 }];
    form.append("options", JSON.stringify({ output: { renditions } }));
    const made = await fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form });
    const batch = (await made.json()) as { urls: { self: string; rows: string } };
    await expect
      .poll(async () => ((await (await fetch(batch.urls.self)).json()) as { status: string }).status, {
        timeout: 60_000,
      })
      .toBe("succeeded");
    const { rows } = (await (await fetch(batch.urls.rows)).json()) as { rows: { files: { url: string }[] }[] };
    for (const [index, type] of ["image/png", "image/webp"].entries()) {
      const file = Buffer.from(await (await fetch(rows[0]!.files[index]!.url)).arrayBuffer());
      const manifests = await readManifests(file, type, authority);
      expect(manifests.validation_state).toBe("Trusted");
      expect(Object.keys(manifests.manifests)).toHaveLength(1);
    }
  } finally {
    await gateway.stop();
  }
});
