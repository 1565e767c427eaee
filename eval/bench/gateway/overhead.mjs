// What the gateway adds to the three calls of an edit, with pictures of 1 MB; the bare calls are the baseline of the same run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { editBare, repeat } from "./bare-edits.mjs";
import { round, summarize } from "./figures.mjs";
import { openBenchDatabase } from "./open-database.mjs";
import { cpuSeconds, residentMiB, startGateway, startServices } from "./processes.mjs";

const width = 4;

export async function measureOverhead(kind, count) {
  const { settings, stop } = await openBenchDatabase(kind);
  const storage = mkdtempSync(join(tmpdir(), "moodifier-overhead-"));
  const services = await startServices(600, 1, 0);
  const { addresses, picture } = services;
  // Each edit is planned and encoded anew: an answer from the cache would flatter.
  const gateway = await startGateway(addresses, {
    ...settings,
    storage,
    concurrency: width,
    cacheBytes: 0,
    maxQueue: 1000,
  });
  try {
    const edit = () => postEdit(gateway.url, picture);
    await repeat(10, 1, edit);
    await repeat(10, 1, () => editBare(addresses, picture));
    const bare = await repeat(count, 1, () => editBare(addresses, picture));
    const through = await repeat(count, 1, edit);
    const cpuBefore = cpuSeconds(gateway.pid);
    const began = performance.now();
    await repeat(count, width, edit);
    const seconds = (performance.now() - began) / 1000;
    const cpu = cpuSeconds(gateway.pid) - cpuBefore;
    const [own, theirs] = [summarize(through), summarize(bare)];
    return {
      picture_bytes: picture.length,
      bare_ms: theirs,
      gateway_ms: own,
      added_ms: { p50: round(own.p50 - theirs.p50), p99: round(own.p99 - theirs.p99) },
      requests_per_s: round(count / seconds),
      requests_per_cpu_second: round(count / cpu),
      resident_mib: Math.round(residentMiB(gateway.pid)),
    };
  } finally {
    await gateway.stop();
    services.stop();
    await stop();
    rmSync(storage, { recursive: true, force: true });
  }
}

async function postEdit(url, picture) {
  const form = new FormData();
  form.set("image", new Blob([picture]));
  form.set("emotion", "joy");
  const answer = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { Prefer: "wait=60" } });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { urls } = await answer.json();
  await (await fetch(urls.result)).arrayBuffer();
}
