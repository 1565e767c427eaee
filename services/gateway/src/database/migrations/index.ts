import type { Migration } from "../migrate.ts";

/** Every step of the schema; a new one is a file of its own and a line here. */
export const migrations: readonly Migration[] = [];
