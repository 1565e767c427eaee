import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drawPicture } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type ScriptedServices, startScriptedServices } from "../../services/gateway/src/testing/scripted-services.ts";
import { readRows, submitBatch, untilEnded } from "./batch-under-test.ts";
import { ServiceProcess } from "./service-process.ts";

const library = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const hours = [3, 0, -3, 20, 0];
const count = 6 * hours.length;

let services: ScriptedServices;
let picture: Buffer;
let gateway: ServiceProcess | undefined;
let folder: string;

beforeEach(async () => {
  picture = await drawPicture(48, 32);
  services = await startScriptedServices(picture);
  folder = await mkdtemp(join(tmpdir(), "moodifier-faults-"));
});
afterEach(async () => {
  await gateway?.kill();
  await services.stop();
  await rm(folder, { recursive: true, force: true });
});

it("a batch goes on, and doubles nothing, while the clock jumps ahead and back by hours", async () => {
  if (library === undefined) throw new Error("libfaketime is needed by this test: apt-get install libfaketime");
  const clock = join(folder, "clock");
  await writeFile(clock, "+0");
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  const settings = { ...services.addresses, dataDir: join(folder, "data"), outputDir: join(folder, "output") };
  gateway = await ServiceProcess.start("gateway", settings, env);
  services.script.stepMs = 50;
  const batch = await submitBatch(gateway.url, picture, count, { to: "folder:made", name: "{id}.{ext}" });
  for (const [index, hour] of hours.entries()) {
    await untilEnded(batch, (index + 1) * 5);
    await writeFile(clock, `${hour < 0 ? "" : "+"}${hour}h`);
    // The header is made anew each second.
    await sleep(1500);
    const told = Date.parse((await fetch(`${gateway.url}/healthz`)).headers.get("date") ?? "");
    expect(Math.round((told - Date.now()) / 3_600_000) + 0).toBe(hour);
  }
  const ended = await untilEnded(batch, count);
  expect((await readRows(ended)).map(({ problem, status }) => problem ?? status)).toEqual(
    Array.from({ length: count }, () => "succeeded"),
  );
  expect(ended).toMatchObject({ status: "succeeded", sequence: count });
  expect(services.record.edits).toHaveLength(count);
});
