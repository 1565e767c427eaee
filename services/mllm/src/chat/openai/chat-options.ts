import type { Logger } from "@moodifier/service-kit";
import type { BoxSetting } from "./box-convention.ts";
import type { FormatSetting } from "./response-format.ts";

/** Where a chat server is and how to ask it. */
export type OpenAiChatOptions = {
  /** Base URL with its version path, for example "http://127.0.0.1:8000/v1". */
  url: string;
  /** Model name as the server knows it. */
  model: string;
  /** Sent as bearer token when set. Never logged. */
  key?: string | undefined;
  /** Longest wait for one reply, retries included, milliseconds. */
  timeoutMs: number;
  /** Longest silence inside a reply that is being streamed, milliseconds; 20,000 by default. */
  stallMs?: number;
  /** Whether replies are streamed, so that stalls and cut connections show early; true by default. */
  stream?: boolean;
  /** Side of the square picture that is sent at most, pixels; 672 by default. */
  imageSize?: number;
  /** Tokens that one picture may cost (LLaVA-NeXT's count); 2,928 by default: a 672 px square. */
  imageTokens?: number;
  /** Longest reply, tokens. */
  maxTokens?: number;
  /** How the shape of a reply is asked for; "auto" by default. */
  format?: FormatSetting;
  /** How the server's model counts boxes; "probe" by default. */
  boxes?: BoxSetting;
  /** Requests per question at most when the server is busy or unreachable; 3 by default. */
  attempts?: number;
  /** Hears of capabilities found, retries and the circuit's state. */
  logger?: Logger | undefined;
};
