import { EMOTIONS } from "@moodifier/emotion";
import { refuse, quote } from "../http/refuse.ts";

export function resolveEmotion(name: string): string {
  if ((EMOTIONS as readonly string[]).includes(name)) return name;
  throw refuse("EMOTION_UNKNOWN", { argument: "emotion", expected: EMOTIONS.join(", "), got: quote(name) });
}
