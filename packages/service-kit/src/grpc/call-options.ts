import type { Context } from "@opentelemetry/api";
import type { CallContext } from "./call.ts";

/** How to make one call. */
export interface CallOptions {
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the call and its retries may take; the client's default unless given. */
  readonly deadlineMs?: number | undefined;
  /** The served call on whose behalf this one is made: its cancellation, deadline and trace carry over. */
  readonly parent?: CallContext | undefined;
  /** The trace that the call belongs to; the parent's, else the active one, unless given. */
  readonly trace?: Context | undefined;
  /** Further request metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}
