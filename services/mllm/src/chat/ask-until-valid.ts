import { repairQuestion } from "./prompts.ts";
import type { ChatMessage, ChatReply, ChatRequest, VisionChat } from "./vision-chat.ts";

/** One question, before it becomes a conversation. */
export type Question = Omit<ChatRequest, "messages"> & { question: string };

/** Either what a reply says or what is wrong with it. */
export type Verdict<Value> = { value: Value; problems?: undefined } | { value?: undefined; problems: string[] };

/** The last reply and its verdict. */
export type Answer<Value> = { rawReply: string; reply: ChatReply; value: Value | undefined; problems: string[] };

/** Asks, validates, and shows the model what is wrong as often as the adapter allows. The last verdict counts. */
export async function askUntilValid<Value>(
  chat: VisionChat,
  { question, ...request }: Question,
  validate: (text: string) => Verdict<Value>,
): Promise<Answer<Value>> {
  const messages: ChatMessage[] = [{ role: "user", text: question }];
  for (let attempt = 0; ; attempt++) {
    const reply = await chat.complete({ ...request, messages });
    const { value, problems = [] } = validate(reply.text);
    if (value !== undefined || attempt >= chat.repairs) return { rawReply: reply.text, reply, value, problems };
    messages.push({ role: "assistant", text: reply.text }, { role: "user", text: repairQuestion(problems) });
  }
}
