import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { CODES, codeName, type ErrorCode, type ErrorDetails, MoodError } from "./mood-error.ts";

const REASON_KEY = "moodifier-reason";
const DETAILS_KEY = "moodifier-details-bin";
const RETRY_AFTER_KEY = "retry-after";

/** HTTP/2 peers refuse long header blocks, so longer texts are cut and larger details dropped. */
const MAX_MESSAGE_LENGTH = 2000;
const MAX_DETAILS_BYTES = 6000;

/**
 * The gRPC status of an error. Trailing metadata: `moodifier-reason`, `moodifier-details-bin` (UTF-8 JSON, left out above 6000 bytes) and, when
 * `details.retryAfterSeconds` is set, `retry-after` in whole seconds.
 */
export function toStatus(error: MoodError): StatusObject {
  const metadata = new Metadata();
  metadata.set(REASON_KEY, error.reason);
  if (error.details.retryAfterSeconds !== undefined) {
    metadata.set(RETRY_AFTER_KEY, String(Math.ceil(error.details.retryAfterSeconds)));
  }
  if (Object.keys(error.details).length > 0) {
    const bytes = Buffer.from(JSON.stringify(error.details), "utf8");
    if (bytes.length <= MAX_DETAILS_BYTES) metadata.set(DETAILS_KEY, bytes);
  }
  return { code: CODES[error.code], details: error.message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed(), metadata };
}

/** Who was called, to name in errors. */
export interface Peer {
  readonly service: string;
  readonly address: string;
}

/**
 * The {@link MoodError} of a failed gRPC call. A status that a service made keeps its code, reason, message and details; a status of the transport gets
 * the reasons SERVICE_UNAVAILABLE, MESSAGE_TOO_LARGE (as INVALID_ARGUMENT) or the code's name, and `details.service` names the service.
 */
export function fromServiceError(error: ServiceError, peer: Peer): MoodError {
  const reason = error.metadata?.get(REASON_KEY)[0];
  if (typeof reason === "string") {
    return new MoodError(codeName(error.code), reason, error.details, {
      details: readDetails(error.metadata),
      cause: error,
    });
  }
  const { code, reason: transportReason, text } = describeTransportFault(error);
  return new MoodError(code, transportReason, `${peer.service} at ${peer.address} ${text}`, {
    details: { ...readDetails(error.metadata), service: peer.service },
    cause: error,
  });
}

/**
 * A stream that ended without a status: its connection was closed, by age or with its process, and the call can be made again. grpc-js calls it INTERNAL, or CANCELLED when a stopping server resets
 * what is left; "Cancelled on client" are the cancels that the caller asked for.
 */
function isBrokenOff({ code, details }: ServiceError): boolean {
  return (
    (code === status.INTERNAL && details.startsWith("Received RST_STREAM")) ||
    (code === status.CANCELLED && details === "Call cancelled")
  );
}

/** A message above a side's limit. grpc-js calls it RESOURCE_EXHAUSTED, the code of a full queue, but sending it again never helps. */
function isTooLarge({ code, details }: ServiceError): boolean {
  return code === status.RESOURCE_EXHAUSTED && /\bmessage\b.* larger than\b/i.test(details);
}

function describeTransportFault(error: ServiceError): { code: ErrorCode; reason: string; text: string } {
  const { details } = error;
  if (isTooLarge(error)) {
    return { code: "INVALID_ARGUMENT", reason: "MESSAGE_TOO_LARGE", text: `refused the message: ${details}` };
  }
  const code = codeName(isBrokenOff(error) ? status.UNAVAILABLE : error.code);
  switch (code) {
    case "UNAVAILABLE":
      return { code, reason: "SERVICE_UNAVAILABLE", text: `cannot be reached: ${details}` };
    case "DEADLINE_EXCEEDED":
      return { code, reason: code, text: "did not answer before the deadline" };
    case "CANCELLED":
      return { code, reason: code, text: `did not finish, because the call was cancelled: ${details}` };
    default:
      return { code, reason: code, text: `failed: ${details}` };
  }
}

function readDetails(metadata: Metadata | undefined): ErrorDetails {
  const details: Record<string, unknown> = {};
  const bytes = metadata?.get(DETAILS_KEY)[0];
  if (Buffer.isBuffer(bytes)) {
    try {
      Object.assign(details, JSON.parse(bytes.toString("utf8")));
    } catch {
      // A peer of another make may send anything here; the reason and message still hold.
    }
  }
  const retryAfter = Number(metadata?.get(RETRY_AFTER_KEY)[0]);
  if (Number.isFinite(retryAfter) && details["retryAfterSeconds"] === undefined)
    details["retryAfterSeconds"] = retryAfter;
  return details;
}
