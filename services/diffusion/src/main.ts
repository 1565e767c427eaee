import { runMain } from "@moodifier/service-kit";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

await runMain(start, configSchema, "diffusion");
