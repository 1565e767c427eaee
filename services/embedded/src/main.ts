import { runMain } from "@moodifier/service-kit";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

// A parent that spawned this process with an IPC channel owns it: when the parent dies, however it dies, the stack stops as on SIGTERM.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

await runMain(
  async (config) => {
    const stack = await start(config);
    const { url, ports } = stack;
    process.stdout.write(`${JSON.stringify({ url, pid: process.pid, ports })}\n`);
    return stack;
  },
  configSchema,
  "moodifier",
);
