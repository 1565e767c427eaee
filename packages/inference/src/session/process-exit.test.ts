import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const TINY = fileURLToPath(new URL("../../../../tests/golden/tiny", import.meta.url));
const INDEX = new URL("../index.ts", import.meta.url).href;

/** Runs a module in a Node process of its own, on the sources; resolves with its exit code and output. */
function runProcess(code: string): Promise<{ code: number | null; signal: string | null; output: string }> {
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", code], {
    timeout: 55_000,
    // A home that nobody can write to, as in a container: whoever tries says so.
    env: { ...env, HOME: "/proc/nowhere" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ code: exitCode, signal, output }));
  });
}

const openFour = `
  import { openModel } from ${JSON.stringify(INDEX)};
  const models = await Promise.all([1, 2, 3, 4].map(() => openModel(${JSON.stringify(TINY)}, { threads: 1, roles: ["text_encoder"] })));
  const feeds = { input_ids: { dtype: "int64", dims: [1, 2], data: BigInt64Array.of(1n, 2n) } };
  await Promise.all(models.map(async (model) => (await model.session("text_encoder")).run(feeds)));
`;

test.each([
  ["after closing them", "await Promise.all(models.map((model) => model.close()));"],
  ["without closing them: idle workers keep no process alive", ""],
  ["at once by process.exit", "process.exit(0);"],
])("a process with four models ends cleanly %s", async (_, end) => {
  const result = await runProcess(`${openFour}${end}`);
  expect(result).toEqual({ code: 0, signal: null, output: "" });
});

test("a run under way keeps the process alive", async () => {
  const result = await runProcess(`${openFour}
    models[0].session("text_encoder").then((session) => session.run(feeds)).then((outputs) => console.log(outputs.text_embeds.dims.join()));
  `);
  expect(result).toEqual({ code: 0, signal: null, output: "1,16\n" });
});
