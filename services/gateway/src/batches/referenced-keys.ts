import type { Database } from "../database/database.ts";

/** The keys among those given that a job, a plan, a row of a batch or an upload refers to. */
export async function referencedKeys(database: Database, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ key: string }>(
    `SELECT key FROM unnest($1::text[]) AS candidate (key) WHERE
       EXISTS (SELECT 1 FROM upload WHERE upload.key = candidate.key)
       OR EXISTS (SELECT 1 FROM batch_row WHERE object_keys @> ARRAY[candidate.key])
       OR key IN (
         SELECT unnest(ARRAY[input #>> '{image,key}', input #>> '{mask,key}', result ->> 'key']) FROM job
         UNION SELECT image ->> 'key' FROM plan
       )`,
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}
