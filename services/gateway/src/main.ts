import { setFlagsFromString } from "node:v8";
import { runMain } from "@moodifier/service-kit";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

// Pictures pass through as buffers outside V8's heap. Left alone V8 marks the whole heap again for every 64 MiB of them, a third of a batch row's CPU time.
setFlagsFromString("--external-memory-accounted-in-global-limit");

await runMain(start, configSchema, "gateway");
