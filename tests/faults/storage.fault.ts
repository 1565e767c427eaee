import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodePng } from "@moodifier/inference";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drawPicture } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type ScriptedServices, startScriptedServices } from "../../services/gateway/src/testing/scripted-services.ts";
import { insist, readRows, submitBatch, untilEnded } from "./batch-under-test.ts";
import { ServiceProcess } from "./service-process.ts";

const run = promisify(execFile);
const count = 12;

let services: ScriptedServices;
let picture: Buffer;
let gateway: ServiceProcess | undefined;
let folder: string;
let disk: string;

beforeEach(async () => {
  picture = await drawPicture(320, 240);
  services = await startScriptedServices(picture);
  folder = await mkdtemp(join(tmpdir(), "moodifier-faults-"));
  disk = join(folder, "disk");
  await mkdir(disk);
  // A real file system that can be filled; needs root.
  await run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
});
afterEach(async () => {
  await gateway?.kill();
  await services.stop();
  await run("umount", [disk]);
  await rm(folder, { recursive: true, force: true });
});

/** Takes all the room that is left. */
async function fill(): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, "ballast"), new Uint8Array(bavail * bsize));
}

it.each(["objects", "files"])("a batch waits while the disk of its %s is full, and is whole after", async (what) => {
  const output = join(what === "files" ? disk : folder, "output");
  gateway = await ServiceProcess.start("gateway", {
    ...services.addresses,
    dataDir: join(folder, "data"),
    storage: join(what === "objects" ? disk : folder, "objects"),
    outputDir: output,
  });
  services.script.stepMs = 50;
  const batch = await submitBatch(gateway.url, picture, count, { to: "folder:made", name: "{id}.{ext}" });
  await untilEnded(batch, 2);
  await fill();
  // Noise, which no page that an unfinished file has left is enough for.
  const noise = await encodePng({ width: 700, height: 700, channels: 3, data: randomBytes(700 * 700 * 3) });
  const upload = { method: "POST", body: new Uint8Array(noise) };
  if (what === "objects") {
    const refused = await fetch(`${gateway.url}/v1/uploads`, { ...upload, headers: { "Content-Type": "image/png" } });
    expect(await refused.json()).toMatchObject({ status: 503, reason: "STORAGE_FULL" });
  }
  const stuck = await untilStill(batch.urls.self);
  expect(stuck).toMatchObject({ status: "running", counts: { failed: 0 } });
  await rm(join(disk, "ballast"));
  const ended = await untilEnded(batch, count);
  const rows = await readRows(ended);
  expect(rows.map(({ problem, status }) => problem ?? status)).toEqual(rows.map(() => "succeeded"));
  expect(ended).toMatchObject({ status: "succeeded", sequence: count });
  for (const { files } of rows) {
    for (const { name, bytes } of files) expect((await readFile(join(output, "made", name))).length).toBe(bytes);
  }
});

/** The batch once nothing has ended for a while. */
async function untilStill(url: string) {
  let before = -1;
  for (let tries = 0; tries < 600; tries += 1) {
    const now = (await (await insist(url)).json()) as { sequence: number; status: string };
    if (now.sequence === before || now.status !== "running") return now;
    before = now.sequence;
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
  throw new Error("the batch never stood still");
}
