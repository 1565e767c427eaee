import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";

/** Kernel timers of the connections to a local port, both ends: 2 is that of keepalive probes, 0 none. */
function readTimers(port: number): { client: number[]; server: number[] } {
  const established = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === "01");
  const at = (column: number) =>
    established
      .filter((fields) => Number.parseInt(fields[column]!.split(":")[1]!, 16) === port)
      .map((fields) => Number(fields[5]!.split(":")[0]));
  return { client: at(2), server: at(1) };
}

it.runIf(process.platform === "linux")("both ends of a waiting call ask the kernel to probe the other", async () => {
  const end = Promise.withResolvers<void>();
  const { server, client, close } = await startEditor({
    async *edit() {
      yield progress(1);
      await end.promise;
    },
  });
  const stream = client.edit(emptyEdit);
  await stream.next();
  // What was just sent may still be waiting for its receipt, which has a timer of its own.
  await expect.poll(() => readTimers(server.port)).toEqual({ client: [2], server: [2] });
  end.resolve();
  await stream.next();
  await close();
});
