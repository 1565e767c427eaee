/** One step of the schema. Numbers: jobs 001-019, batches and storage 020-039, tenants and webhooks 040-059. A published step never changes. */
export interface Migration {
  /** NNN-name, the order in which steps run. */
  readonly id: string;
  /** One or more statements. */
  readonly sql: string;
}
