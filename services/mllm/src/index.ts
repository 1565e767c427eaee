export { chatSettings, checkChat, configSchema, type Config } from "./config.ts";
export { start } from "./start.ts";
