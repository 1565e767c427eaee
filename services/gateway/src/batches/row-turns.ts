/** Rows that others may be taking at the same moment; with more of them a claim may come back with less than it could. */
const OTHERS = 256;

/** Whether a row may be taken. */
const isFree = (row: string): string =>
  `(${row}.status = 'pending' AND coalesce(${row}.retry_at <= now(), true) OR ${row}.status = 'running' AND ${row}.lease_until < now())`;

/**
 * Leases up to $1 rows for $2 milliseconds, of the batch $3 alone when it isn't null, and of that the rows $4 <= index < $5 alone. A row's turn is how many its tenant would hold with it, so who holds
 * least comes first, however much anybody has waiting and whatever its priority; ties are drawn by lot. A tenant's own batches take turns in the same way, those of the highest priority first. No
 * tenant gets more than $6 rows, or what the object $7 says for it.
 */
export const claimRowsSql = `
  WITH held AS MATERIALIZED (
    SELECT batch_id, tenant_id, count(*)::int AS rows FROM batch_row WHERE status = 'running' AND lease_until >= now() GROUP BY batch_id, tenant_id),
  running AS MATERIALIZED (
    SELECT id, batch.tenant_id, (options ->> 'priority')::int AS priority, coalesce(held.rows, 0) AS held, count(*) OVER ()::int AS batches,
      coalesce((SELECT sum(rows) FROM held AS own WHERE own.tenant_id = batch.tenant_id), 0) AS of_tenant
    FROM batch LEFT JOIN held ON held.batch_id = id WHERE status = 'running' AND ($3::uuid IS NULL OR id = $3)),
  -- Candidates come from the index, a few of each batch; only those that are taken are locked, so that nobody else finds fewer rows than there are.
  open AS (
    SELECT running.*, near.row_index, running.held + row_number() OVER (PARTITION BY id ORDER BY near.row_index) AS turn
    FROM running CROSS JOIN LATERAL (
      SELECT row_index FROM batch_row AS candidate
      WHERE batch_id = running.id AND status IN ('pending', 'running') AND ($3::uuid IS NULL OR row_index >= $4 AND row_index < $5) AND ${isFree("candidate")}
      ORDER BY row_index LIMIT $1 + ${OTHERS} / running.batches) AS near),
  queue AS (
    SELECT id, tenant_id, row_index, of_tenant + row_number() OVER (PARTITION BY tenant_id ORDER BY priority DESC, turn, random()) AS turn FROM open),
  first AS (
    SELECT id, row_index, turn, random() AS lot FROM queue WHERE turn <= coalesce(($7::jsonb ->> tenant_id)::int, $6::int)
    ORDER BY turn, lot LIMIT $1 + ${OTHERS}),
  next AS (
    SELECT row.batch_id, row.row_index, batch.options, batch.traceparent
    FROM first JOIN batch_row AS row ON row.batch_id = first.id AND row.row_index = first.row_index JOIN batch ON batch.id = first.id
    WHERE ${isFree("row")}
    ORDER BY first.turn, first.lot LIMIT $1 FOR UPDATE OF row SKIP LOCKED)
  UPDATE batch_row AS row SET status = 'running', attempt = attempt + 1, lease = gen_random_uuid(), lease_until = now() + $2 * interval '1 ms',
    started_at = coalesce(started_at, now())
  FROM next WHERE row.batch_id = next.batch_id AND row.row_index = next.row_index RETURNING row.*, next.options, next.traceparent`;
