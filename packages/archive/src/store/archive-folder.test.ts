import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openArchive } from "./archive-folder.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "archive-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

describe("openArchive", () => {
  it("lets processes that begin an archive at the same time share it", async () => {
    const open = () => openArchive(join(dir, "new"), { create: true });
    const archives = await Promise.all([open(), open(), open(), open()]);
    expect(archives.map(({ settings }) => settings.unitSize)).toEqual([500, 500, 500, 500]);
  });

  it("removes what dead processes left half written, anywhere, and nothing of living ones", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", undefined);
    const archive = await openArchive(dir, { create: true });
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    const paths = ["stages/dedupe", "collect", "dataset"].flatMap((folder) =>
      [dead, process.pid].map((pid) => archive.path(folder, `.partial-x-${pid}-0123abcd`)),
    );
    for (const path of paths) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "half");
    }
    await openArchive(dir);
    expect(paths.filter((path) => existsSync(path))).toEqual(paths.filter((path) => path.includes(`-${process.pid}-`)));
  });
});
