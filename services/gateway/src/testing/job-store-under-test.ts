import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Database } from "../database/database.ts";
import type { DatabaseKind } from "../database/testing/databases.ts";
import { DatabaseJobStore } from "../jobs/database-job-store.ts";
import type { Job, NewJob } from "../jobs/job.ts";
import type { JobStoreOptions } from "../jobs/job-store-options.ts";
import type { Claim } from "../jobs/job-store.ts";
import { emptyTables } from "./empty-tables.ts";

export const picture = { key: "0".repeat(64), mediaType: "image/png", bytes: 7 };

/** An edit of one megapixel-step. */
export const input: NewJob["input"] = {
  settings: { emotion: "joy", intensity: 0.8, seed: 2n ** 64n - 1n, previewEvery: 0 },
  image: picture,
  width: 500,
  height: 250,
};

export const seconds = 1000;

export const options: JobStoreOptions = {
  maxQueued: { interactive: 8, batch: 100 },
  finishWithinMs: { interactive: 60 * seconds, batch: 60 * seconds },
  retentionMs: 60 * seconds,
  leaseSeconds: 10,
  maxLosses: 1,
  limitsOf: (tenantId) => ({
    weight: tenantId === "heavy" ? 3 : 1,
    concurrency: tenantId === "narrow" ? 1 : 50,
    backlog: tenantId === "small" ? 2 : 1000,
  }),
};

export const never = new AbortController().signal;

/** A store for the tests of one `describe`; tables are empty before each of them. */
export function useJobStore(kind: DatabaseKind) {
  let database: Database;
  let store: DatabaseJobStore;
  let others: DatabaseJobStore[];

  beforeAll(async () => {
    await kind.start();
    database = await kind.open();
  }, 180_000);
  afterAll(async () => {
    await database.close();
    await kind.stop();
  });
  beforeEach(async () => {
    others = [];
    store = await DatabaseJobStore.start(database, options);
    await emptyTables(database);
  });
  afterEach(async () => {
    for (const each of [store, ...others]) await each.close();
  });

  const claim = async (slots = 1, batchSlots = slots): Promise<Claim[]> =>
    store.claim({ worker: "w", slots, batchSlots });
  return {
    get database(): Database {
      return database;
    },
    get store(): DatabaseJobStore {
      return store;
    },
    /** Opens one more store on the same database. */
    another: async (changed: Partial<JobStoreOptions> = {}): Promise<DatabaseJobStore> => {
      const opened = await DatabaseJobStore.start(database, { ...options, ...changed });
      others.push(opened);
      return opened;
    },
    submit: async (job: Partial<NewJob> = {}): Promise<Job> =>
      (await store.submit({ tenantId: "default", input, ...job })).job,
    claim,
    claimOne: async (): Promise<Claim> => {
      const [first] = await claim();
      if (!first) throw new Error("expected a job, got none");
      return first;
    },
  };
}
