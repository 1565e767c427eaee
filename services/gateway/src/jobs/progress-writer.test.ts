import { setTimeout as sleep } from "node:timers/promises";
import { MoodError } from "@moodifier/service-kit";
import { expect, it } from "vitest";
import type { JobChange } from "./job.ts";
import { ProgressWriter } from "./progress-writer.ts";

const at = (step: number): JobChange => ({
  progress: { step, steps: 9, percentage: step },
  timings: { queued_ms: step },
});

function open(patient: boolean, fail?: (change: JobChange) => Error | undefined) {
  const written: JobChange[] = [];
  const write = async (change: JobChange): Promise<void> => {
    await sleep(5);
    const error = fail?.(change);
    if (error) throw error;
    written.push(change);
  };
  return { written, writer: new ProgressWriter(write, { pauseMs: 30, patient }) };
}

it("writes a stage at once with what came before it, and of the steps after it the newest", async () => {
  const { writer, written } = open(false);
  await writer.write(at(1));
  await writer.write({ status: "editing", timings: { planning_ms: 7 } });
  expect(written).toEqual([{ ...at(1), status: "editing", timings: { queued_ms: 1, planning_ms: 7 } }]);
  for (let step = 2; step <= 8; step += 1) await writer.write(at(step));
  expect(written).toHaveLength(1);
  await sleep(100);
  expect(written.slice(1)).toEqual([at(8)]);
});

it("lets stages wait when it is patient, and hands what is left to the last change", async () => {
  const { writer, written } = open(true);
  await writer.write({ status: "encoding" });
  await writer.write({ ...at(3), warnings: [] });
  expect(await writer.finish({ status: "succeeded" })).toEqual({ ...at(3), warnings: [], status: "succeeded" });
  await sleep(60);
  expect(written).toEqual([]);
});

it("loses progress while the database is away, and tells of every other fault at the next write", async () => {
  const { writer, written } = open(false, ({ status }) => {
    if (status === "planning") return new MoodError("UNAVAILABLE", "DATABASE_UNAVAILABLE", "away");
    return status === "editing" ? new TypeError("broken") : undefined;
  });
  await writer.write({ status: "planning" });
  await writer.write({ status: "encoding" });
  expect(written).toEqual([{ status: "encoding" }]);
  await expect(writer.write({ status: "editing" })).rejects.toThrow("broken");
  await expect(writer.write(at(1))).rejects.toThrow("broken");
  await expect(writer.finish({ status: "succeeded" })).rejects.toThrow("broken");
});
