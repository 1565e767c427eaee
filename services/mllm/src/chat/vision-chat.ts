import type { Picture } from "@moodifier/inference";
import type { Box } from "@moodifier/tensor";
import type { ReplySchema } from "./reply-schema.ts";

/** One turn of a conversation. The picture belongs to the first user turn. */
export type ChatMessage = { role: "user" | "assistant"; text: string };

/** One question about one picture. */
export type ChatRequest = {
  /** Instructions. An adapter whose model was trained without them may leave them out. */
  system: string;
  /** At least one turn; the last is the user's. */
  messages: ChatMessage[];
  /** Square, upright, opaque picture of any size. */
  image: Picture;
  /** Where the picture lies in the square, fractions; the whole square by default. Some models report boxes in it. */
  frame?: Box | undefined;
  /** What the reply must look like. */
  schema: ReplySchema;
  /** Name of the schema, [a-z_]+. */
  schemaName: string;
  /** "lines" asks for plain text as `describeLines` says, without a schema; only for adapters that speak lines. */
  form?: "json" | "lines" | undefined;
  /** Texts that the reply may repeat; an adapter that decodes itself guesses from them, which saves time and changes nothing else. */
  likely?: readonly string[];
  /** Stops the reply within one token or one network read. */
  signal?: AbortSignal | undefined;
};

/** The reply to one question. */
export type ChatReply = {
  /** The reply as it came. It is not guaranteed to follow the schema: callers validate. */
  text: string;
  /** How far the picture lies from those that the model was trained on, as `planner.domain` of the manifest counts; undefined when the adapter cannot know it. */
  domainDistance?: number | undefined;
  /** Whether a string or list was cut because the reply reached its length limit. */
  truncated: boolean;
  /** The model declined to answer, in the form that its API has for it. */
  refused?: boolean;
  /**
   * Reads a box of this reply as the model counts: fractions of the square that it was shown, corners in order. Undefined when the numbers
   * make no box.
   */
  readBox(numbers: readonly number[]): Box | undefined;
};

/** A model that answers questions about pictures in JSON. */
export interface VisionChat {
  /** Identifier and version of the model, for plans and logs. */
  readonly modelId: string;
  /** How often it makes sense to show the model what is wrong with its reply: 0 for a deterministic, grammar-bound model. */
  readonly repairs: number;
  /** Its boxes tell roughly where a part is: a segmenter that knows the part by name is asked by name first. */
  readonly roughBoxes?: boolean;
  /** Whether it can be asked for plain lines when JSON fails. */
  readonly speaksLines?: boolean;
  /**
   * Answers one question.
   * @throws ChatError, or the signal's reason once it is aborted.
   */
  complete(request: ChatRequest): Promise<ChatReply>;
}

/** Why a chat model gave no reply, with the gRPC code that callers see. */
const CODE_OF_REASON = {
  /** The server cannot be reached or is overloaded. */
  CHAT_UNAVAILABLE: "UNAVAILABLE",
  /** The server was too slow. */
  CHAT_TIMEOUT: "UNAVAILABLE",
  /** The server does not accept the request: wrong model name, key or request form. */
  CHAT_REFUSED: "FAILED_PRECONDITION",
  /** The reply does not fit the model's context. */
  CHAT_REPLY_TOO_LONG: "INTERNAL",
  /** The reply is not what was asked for. */
  CHAT_REPLY_INVALID: "INTERNAL",
} as const;

/** One of the reasons. */
export type ChatErrorReason = keyof typeof CODE_OF_REASON;

/** A chat model gave no usable reply. */
export class ChatError extends Error {
  override readonly name = "ChatError";
  readonly reason: ChatErrorReason;
  readonly code: (typeof CODE_OF_REASON)[ChatErrorReason];
  /** HTTP status of the server's answer, if it gave one. */
  readonly status: number | undefined;
  /** How long the server asks to be left alone, or is left alone, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: ChatErrorReason,
    message: string,
    options: ErrorOptions & { status?: number; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.code = CODE_OF_REASON[reason];
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}
