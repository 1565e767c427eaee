import { Metadata, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { toMoodError } from "./conversion.ts";
import { fromServiceError, toStatus } from "./grpc-status.ts";
import { CODES, type ErrorCode, MoodError } from "./mood-error.ts";
import { toProblem } from "./problem.ts";

const peer = { service: "clip", address: "127.0.0.1:7002" };

function libraryError(reason: string, extra: object = {}) {
  return Object.assign(new Error("the text"), { reason, ...extra });
}

describe("codes", () => {
  it("are gRPC's, all but OK", () => {
    const grpc = Object.entries(status).filter(([name, code]) => typeof code === "number" && name !== "OK");
    expect(Object.fromEntries(grpc)).toEqual(CODES);
  });

  it.each(Object.keys(CODES) as ErrorCode[])("%s survives the wire and has an HTTP error status", (code) => {
    const sent = new MoodError(code, "SOME_REASON", "text with ünïcode \ud800", {
      details: { a: [1], retryAfterSeconds: 2.2 },
    });
    const received = fromServiceError(Object.assign(new Error("x"), toStatus(sent)), peer);
    expect(received).toMatchObject({ code, reason: "SOME_REASON", details: { a: [1], retryAfterSeconds: 2.2 } });
    const problem = toProblem(received, "/v1/edits");
    expect(problem.body.status).toBeGreaterThanOrEqual(400);
    expect(problem.headers["retry-after"]).toBe("3");
    expect(problem.body).toMatchObject({
      type: "urn:moodifier:problem:some-reason",
      instance: "/v1/edits",
      code,
      reason: "SOME_REASON",
    });
  });

  it("keeps huge details and messages off the wire", () => {
    const wire = toStatus(new MoodError("INTERNAL", "R", "m".repeat(10_000), { details: { big: "x".repeat(10_000) } }));
    expect(wire.details).toHaveLength(2000);
    expect(wire.metadata.get("moodifier-details-bin")).toEqual([]);
  });

  it("reads a foreign server's status and malformed details", () => {
    const metadata = new Metadata();
    metadata.set("moodifier-details-bin", Buffer.from("{not json"));
    metadata.set("retry-after", "7");
    const error = fromServiceError(
      Object.assign(new Error("x"), { code: 14, details: "connect ECONNREFUSED", metadata }),
      peer,
    );
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      reason: "SERVICE_UNAVAILABLE",
      details: { service: "clip", retryAfterSeconds: 7 },
    });
    expect(error.message).toContain("clip at 127.0.0.1:7002");
  });

  it("takes a stream that ended without a status for a broken connection", () => {
    const read = (code: number, details: string) =>
      fromServiceError(Object.assign(new Error("x"), { code, details, metadata: new Metadata() }), peer);
    const lost = { code: "UNAVAILABLE", reason: "SERVICE_UNAVAILABLE", details: { service: "clip" } };
    expect(read(13, "Received RST_STREAM with code 0 (Call ended without gRPC status)")).toMatchObject(lost);
    expect(read(1, "Call cancelled")).toMatchObject(lost);
    expect(read(13, "boom")).toMatchObject({ code: "INTERNAL", reason: "INTERNAL" });
    expect(read(1, "Cancelled on client")).toMatchObject({ code: "CANCELLED", reason: "CANCELLED" });
  });

  it("tells a message above the limit from a full queue", () => {
    const read = (details: string) =>
      fromServiceError(Object.assign(new Error("x"), { code: 8, details, metadata: new Metadata() }), peer);
    const refused = { code: "INVALID_ARGUMENT", reason: "MESSAGE_TOO_LARGE", details: { service: "clip" } };
    expect(read("Received message larger than max (9 vs 8)")).toMatchObject(refused);
    expect(read("Sent message larger than max (9 vs. 8)")).toMatchObject(refused);
    expect(read("Attempted to send message with a size larger than 8")).toMatchObject(refused);
    expect(read("Bandwidth exhausted")).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "RESOURCE_EXHAUSTED" });
  });
});

describe("toMoodError", () => {
  it("keeps the reason of a library's error", () => {
    expect(toMoodError(libraryError("IMAGE_CORRUPT"))).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "IMAGE_CORRUPT",
      message: "the text",
    });
    expect(toMoodError(libraryError("DIGEST_MISMATCH"))).toMatchObject({ code: "INTERNAL", reason: "DIGEST_MISMATCH" });
    expect(toMoodError(libraryError("QUIET", { code: "NOT_FOUND" }))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("turns aborts into the signal's reason", () => {
    const reason = new MoodError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "late");
    const signal = AbortSignal.abort(reason);
    expect(toMoodError(new DOMException("aborted", "AbortError"), signal)).toBe(reason);
    expect(toMoodError(new Error("worker gone"), signal)).toBe(reason);
    expect(toMoodError(new DOMException("late", "TimeoutError"))).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(toMoodError(new DOMException("aborted", "AbortError"))).toMatchObject({ code: "CANCELLED" });
  });

  it("hides everything else behind INTERNAL", () => {
    const cause = new TypeError("x is undefined");
    expect(toMoodError(cause)).toMatchObject({ code: "INTERNAL", reason: "INTERNAL", cause });
    expect(toMoodError("thrown text").message).not.toContain("thrown text");
  });

  it("maps reasons that HTTP knows better", () => {
    expect(toProblem(new MoodError("INVALID_ARGUMENT", "IMAGE_TOO_LARGE", "m")).body).toMatchObject({
      status: 413,
      title: "Invalid argument",
    });
  });
});
