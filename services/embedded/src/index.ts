/** All four services in one process. */
export { type Config, configSchema } from "./config.ts";
export { type RunningStack, start } from "./start.ts";
