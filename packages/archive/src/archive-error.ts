/** Why the archive refused or failed. */
export type ArchiveReason =
  /** The folder is no archive, or one of another version. */
  | "ARCHIVE_INVALID"
  /** An option is out of range or does not fit the archive. */
  | "OPTION_INVALID"
  /** The stage before has not finished the units that this one needs. */
  | "STAGE_INCOMPLETE"
  /** A committed file is not what its summary says. */
  | "UNIT_CORRUPT"
  /** A provider cannot be used here, or its API answered something else than its contract. */
  | "PROVIDER_FAILED"
  /** A picture could not be had; the record is refused and the run goes on. */
  | "DOWNLOAD_FAILED"
  /** Reviewers' verdicts that cannot be read. */
  | "VERDICT_INVALID"
  /** A model service answered something that stops the run. */
  | "SERVICE_FAILED";

/** The one error of this package. The message names the argument, what was expected and what came. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  readonly reason: ArchiveReason;

  constructor(reason: ArchiveReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
