import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { readRows, submitBatch, untilEnded } from "./batch-under-test.ts";
import { GatewayFixture } from "./gateway-fixture.ts";

const library = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const hours = [3, 0, -3, 20, 0];
const count = 6 * hours.length;

const fixture = GatewayFixture.prepare(48, 32);

it("a batch goes on, and doubles nothing, while the clock jumps ahead and back by hours", async () => {
  if (library === undefined) throw new Error("libfaketime is needed by this test: apt-get install libfaketime");
  const clock = join(fixture.folder, "clock");
  await writeFile(clock, "+0");
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  const url = await fixture.start({ outputDir: join(fixture.folder, "output") }, env);
  fixture.services.script.stepMs = 50;
  const batch = await submitBatch(url, fixture.picture, count, { to: "folder:made", name: "{id}.{ext}" });
  for (const [index, hour] of hours.entries()) {
    await untilEnded(batch, (index + 1) * 5);
    await writeFile(clock, `${hour < 0 ? "" : "+"}${hour}h`);
    // The header is made anew each second.
    await sleep(1500);
    const told = Date.parse((await fetch(`${url}/healthz`)).headers.get("date") ?? "");
    expect(Math.round((told - Date.now()) / 3_600_000) + 0).toBe(hour);
  }
  const ended = await untilEnded(batch, count);
  expect((await readRows(ended)).map(({ problem, status }) => problem ?? status)).toEqual(
    Array.from({ length: count }, () => "succeeded"),
  );
  expect(ended).toMatchObject({ status: "succeeded", sequence: count });
  expect(fixture.services.record.edits).toHaveLength(count);
});
