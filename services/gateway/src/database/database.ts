/** A row by column name. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The one way to PostgreSQL, whichever kind runs behind it. Both adapters give the same values: int8 as number, timestamptz as Date, json parsed, bytea as
 * Buffer. JSON parameters are passed as text (`JSON.stringify`) and cast (`$1::jsonb`).
 *
 * Errors: MoodError UNAVAILABLE (DATABASE_UNAVAILABLE) when the database can't be reached or is shutting down; otherwise the driver's error, whose `code` is the
 * SQLSTATE in both adapters.
 */
export interface Database {
  /** "postgres" is a server, shared by many processes; "pglite" lives in this process alone. */
  readonly kind: "postgres" | "pglite";

  /** Runs one statement and returns its rows. Without parameters `sql` may hold several statements; the rows of all of them are returned. */
  query<T extends object = Row>(sql: string, params?: readonly unknown[]): Promise<T[]>;

  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. A transaction inside a transaction joins it. `work` uses the database that it
   * is given, never the outer one, which would wait for the transaction on a single connection.
   */
  transaction<R>(work: (tx: Database) => Promise<R>): Promise<R>;

  /** Calls `onNotice` with the payload of each NOTIFY on `channel`; after a connection that was lost, or not to be had at first, it listens again and calls `onNotice("")`. Resolves with a function that ends it. */
  listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>>;

  /** Frees everything; running statements end first. */
  close(): Promise<void>;
}
