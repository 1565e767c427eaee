import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diffusion } from "@moodifier/proto";
import { createClient } from "./grpc/client.ts";

const main = fileURLToPath(new URL("../tests/main.ts", import.meta.url));

function run(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ["--conditions=source", main], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: "pipe",
  });
}

describe("runMain", () => {
  it("finishes a running call on SIGTERM and exits 0", async () => {
    const child = run({});
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    const client = createClient(diffusion.EditorClient, line.toString().trim());
    const call = client.listMethods({});
    await once(child.stdout!, "data");
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect((await call).methods).toHaveLength(1);
    expect(await exited).toEqual([0, null]);
    client.close();
  });

  it("prints all configuration faults and exits 2", async () => {
    const child = run({ MOODIFIER_PORT: "70000", MOODIFIER_DRAIN_MS: "x" });
    let text = "";
    child.stderr!.on("data", (chunk: Buffer) => (text += chunk.toString()));
    expect(await once(child, "close")).toEqual([2, null]);
    expect(text).toContain("MOODIFIER_PORT");
    expect(text).toContain("MOODIFIER_DRAIN_MS");
    expect(text).not.toContain("70000");
  });
});
