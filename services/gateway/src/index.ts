/** The HTTP gateway: edits as jobs over the planner, the encoder and the editor. */
export { configSchema, type GatewayConfig } from "./config.ts";
export { type GatewayDeps, start } from "./start.ts";
