import type { Migration } from "../migration.ts";
import { jobs } from "./001-jobs.ts";
import { plans } from "./002-plans.ts";
import { batches } from "./020-batches.ts";
import { batchTrace } from "./021-batch-trace.ts";
import { rowFailures } from "./022-row-failures.ts";
import { openRows } from "./023-open-rows.ts";
import { repeatedRequests } from "./024-repeated-requests.ts";
import { heldRows } from "./025-held-rows.ts";
import { tenants } from "./040-tenants.ts";
import { webhooks } from "./041-webhooks.ts";
import { batchWebhooks } from "./042-batch-webhooks.ts";
import { webhookTurns } from "./043-webhook-turns.ts";

/** Every step of the schema; a new one is a file of its own and a line here. */
export const migrations: readonly Migration[] = [
  jobs,
  plans,
  batches,
  batchTrace,
  rowFailures,
  openRows,
  repeatedRequests,
  heldRows,
  tenants,
  webhooks,
  batchWebhooks,
  webhookTurns,
];
