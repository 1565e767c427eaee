import { expect, it } from "vitest";
import type { BatchView } from "../../services/gateway/src/batches/batch-view.ts";
import { insist, readRows, untilEnded } from "./batch-under-test.ts";
import { GatewayFixture } from "./gateway-fixture.ts";

const count = 10_000;
const fixture = GatewayFixture.prepare(16, 16);

/** Cells of a row and why it must fail: two kinds that the check finds, two that only the run can find. */
const poisons = [
  [(id: number, image: string) => `${id},${image},dread of mondays`, "EMOTION_UNKNOWN"],
  [(_id: number, image: string) => `0,${image},joy`, "ID_REPEATED"],
  [(id: number) => `${id},upload:none,joy`, "UPLOAD_NOT_FOUND"],
  [(id: number) => `${id},http://127.0.0.1/a.png,joy`, "URL_FORBIDDEN"],
] as const;

it(`a manifest of ${count} rows of which one in a hundred is poison: the others are edited once each`, async () => {
  const url = await fixture.start({ concurrency: 8, interactiveSlots: 0, batchWindow: 24 });
  fixture.services.script.stepMs = 0;
  const body = new Uint8Array(fixture.picture);
  const upload = await insist(`${url}/v1/uploads`, {
    method: "POST",
    body,
    headers: { "Content-Type": "image/png" },
  });
  const { reference } = (await upload.json()) as { reference: string };
  const poisonOf = (row: number) => (row % 100 === 99 ? poisons[((row - 99) / 100) % poisons.length] : undefined);
  const lines = Array.from(
    { length: count },
    (_, row) => poisonOf(row)?.[0](row, reference) ?? `${row},${reference},joy`,
  );
  const form = new FormData();
  form.append("manifest", new Blob([["id,image,emotion", ...lines].join("\n")]), "manifest.csv");
  form.append("options", "{}");
  const made = await insist(`${url}/v1/batches`, { method: "POST", body: form });
  const batch = (await made.json()) as BatchView;
  const ended = await untilEnded(batch, count);
  expect(ended).toMatchObject({
    status: "partially_succeeded",
    counts: { succeeded: 0.99 * count, failed: 0.01 * count },
  });
  const rows = await readRows(ended);
  expect(rows.map(({ status, problem }) => problem?.reason ?? status)).toEqual(
    lines.map((_, row) => poisonOf(row)?.[1] ?? "succeeded"),
  );
  expect(fixture.services.record.edits).toHaveLength(0.99 * count);
});
