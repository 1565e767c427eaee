import { MoodError } from "@moodifier/service-kit";

/** SQLSTATE classes and codes that say "not now": connection trouble, shutdown, start-up, full disk, too many connections. */
const unavailable = /^(08...|57P0[1-3]|53[13]00)$/;

const socketCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]);

/** Texts with which the driver reports a lost connection, or that none was free in time, without a code. */
const lostConnection =
  /Connection terminated|Client has encountered a connection error|timeout expired|timeout exceeded|not queryable/;

/** The error of a driver; trouble with the connection becomes UNAVAILABLE (DATABASE_UNAVAILABLE), because the same statement may succeed later. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof MoodError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const lost = unavailable.test(code) || socketCodes.has(code) || (code === "" && lostConnection.test(error.message));
  if (!lost) return error;
  return new MoodError("UNAVAILABLE", "DATABASE_UNAVAILABLE", "The database can't be used now; try again.", {
    details: { retryAfterSeconds: 2 },
    cause: error,
  });
}

/** True when a statement broke a unique constraint. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}
