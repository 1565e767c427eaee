import type { Picture } from "@moodifier/inference";
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
  /** What the reply must look like. */
  schema: ReplySchema;
  /** Name of the schema, [a-z_]+. */
  schemaName: string;
  /** Stops the reply within one token or one network read. */
  signal?: AbortSignal | undefined;
};

/** The reply to one question. */
export type ChatReply = {
  /** The reply as it came. It is not guaranteed to follow the schema: callers validate. */
  text: string;
  /** Mean natural-log probability of the tokens that the model chose itself; undefined when the adapter cannot know it. */
  meanLogProbability?: number;
  /** Whether a string or list was cut because the reply reached its length limit. */
  truncated: boolean;
};

/** A model that answers questions about pictures in JSON. */
export interface VisionChat {
  /** Identifier and version of the model, for plans and logs. */
  readonly modelId: string;
  /** How often it makes sense to show the model what is wrong with its reply: 0 for a deterministic, grammar-bound model. */
  readonly repairs: number;
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
  readonly code: string;

  constructor(reason: ChatErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.code = CODE_OF_REASON[reason];
  }
}
