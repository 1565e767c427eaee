import type { Migration } from "../migrate.ts";
import { tenants } from "./040-tenants.ts";

/** Every step of the schema; a new one is a file of its own and a line here. */
export const migrations: readonly Migration[] = [tenants];
