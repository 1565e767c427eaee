export { chatSettings, configSchema, type Config } from "./config.ts";
export { start } from "./start.ts";
