import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { toMoodError } from "@moodifier/service-kit";
import {
  Client,
  type ClientBase,
  type CustomTypesConfig,
  Pool,
  type PoolClient,
  type QueryResult,
  types as builtIn,
} from "pg";
import type { Database, Row } from "./database.ts";
import { toDatabaseError } from "./database-error.ts";

export interface PostgresOptions {
  /** postgres:// URL. */
  readonly url: string;
  /** Most connections, at least 2. */
  readonly maxConnections?: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly connectMs?: number;
  /** Told about a connection that broke while nobody used it. */
  readonly onError?: (error: unknown) => void;
}

const int8 = 20;

/** int8 as number: ids and counts stay far below 2^53. */
const types: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === int8 && format !== "binary" ? Number : builtIn.getTypeParser(oid, format as "text")) as never,
};

type Connection = Pick<ClientBase, "query">;

/** PostgreSQL over a pool of connections. Nothing connects before the first statement. */
export class PostgresDatabase implements Database {
  readonly kind = "postgres";
  readonly #pool: Pool;
  readonly #options: PostgresOptions;
  readonly #listeners = new Set<() => Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#pool = new Pool({
      connectionString: options.url,
      max: options.maxConnections ?? 10,
      connectionTimeoutMillis: options.connectMs ?? 5000,
      application_name: "moodifier",
      types,
    });
    this.#pool.on("error", (error) => options.onError?.(error));
  }

  query<T extends object = Row>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return run<T>(this.#pool, sql, params);
  }

  async transaction<R>(work: (tx: Database) => Promise<R>): Promise<R> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw toDatabaseError(error);
    }
    let broken: Error | undefined;
    const onError = (error: Error): void => void (broken = error);
    client.on("error", onError);
    try {
      await run(client, "BEGIN", []);
      const result = await work(this.#joined(client));
      await run(client, "COMMIT", []);
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch((cause: Error) => (broken = cause));
      throw error;
    } finally {
      client.off("error", onError);
      client.release(broken ?? false);
    }
  }

  async listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>> {
    const stopped = new AbortController();
    let client: Client | undefined;
    const subscribe = async (): Promise<void> => {
      client = await this.#subscribe(channel, onNotice, () => void reconnect());
      if (stopped.signal.aborted) await client.end().catch(() => undefined);
    };
    const reconnect = async (): Promise<void> => {
      for (let pauseMs = 100; !stopped.signal.aborted; pauseMs = Math.min(pauseMs * 2, 5000)) {
        try {
          await sleep(pauseMs, undefined, { signal: stopped.signal });
          await subscribe();
          onNotice("");
          return;
        } catch (error) {
          if (!stopped.signal.aborted) this.#options.onError?.(error);
        }
      }
    };
    try {
      await subscribe();
    } catch (error) {
      if (toMoodError(error).code !== "UNAVAILABLE") throw error;
      this.#options.onError?.(error);
      void reconnect();
    }
    const stop = async (): Promise<void> => {
      this.#listeners.delete(stop);
      stopped.abort();
      await client?.end().catch(() => undefined);
    };
    this.#listeners.add(stop);
    return stop;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#listeners].map((stop) => stop()));
    await this.#pool.end();
  }

  #joined(client: Connection): Database {
    const tx: Database = {
      kind: this.kind,
      query: (sql, params = []) => run(client, sql, params),
      transaction: (work) => work(tx),
      listen: (channel, onNotice) => this.listen(channel, onNotice),
      close: () => Promise.resolve(),
    };
    return tx;
  }

  async #subscribe(channel: string, onNotice: (payload: string) => void, onLost: () => void): Promise<Client> {
    const { url, connectMs = 5000 } = this.#options;
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      application_name: "moodifier-listen",
      keepAlive: true,
    });
    let lost = false;
    const end = (): void => {
      if (lost) return;
      lost = true;
      onLost();
    };
    client.on("error", (error) => this.#options.onError?.(error));
    client.on("notification", (notice) => onNotice(notice.payload ?? ""));
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toDatabaseError(error);
    }
    client.on("end", end);
    return client;
  }
}

/**
 * Name under which a connection keeps the plan of a statement: planning costs more than most of them take. A list of all columns is planned anew each time:
 * a newer release may have added one under a running gateway, and the kept plan would then be refused.
 */
function planName(sql: string): string | undefined {
  return /(?:\bSELECT|\bRETURNING|,|\.)\s*\*/i.test(sql) ? undefined : createHash("sha1").update(sql).digest("hex");
}

async function run<T extends object>(connection: Connection, sql: string, params: readonly unknown[]): Promise<T[]> {
  try {
    // Without parameters pg uses the simple protocol, which takes several statements and then answers with one result each.
    const answer = (await (params.length > 0
      ? connection.query({ name: planName(sql), text: sql, values: [...params] })
      : connection.query(sql))) as unknown as QueryResult | QueryResult[];
    return (Array.isArray(answer) ? answer.flatMap(({ rows }) => rows) : answer.rows) as T[];
  } catch (error) {
    throw toDatabaseError(error);
  }
}
