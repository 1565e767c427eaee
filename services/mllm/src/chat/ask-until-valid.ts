import { describeLines, readLines } from "./plain-lines.ts";
import { repairQuestion } from "./prompts.ts";
import type { ChatMessage, ChatReply, ChatRequest, VisionChat } from "./vision-chat.ts";

/** One question, before it becomes a conversation. */
export type Question = Omit<ChatRequest, "messages" | "form"> & { question: string };

/** Either what a reply says or what is wrong with it, then with what it says nevertheless, if that is of any use. */
export type Verdict<Value> =
  | { value: Value; problems?: undefined; partial?: undefined }
  | { value?: undefined; problems: string[]; partial?: Value };

/** The last reply and its verdict. */
export type Answer<Value> = {
  rawReply: string;
  reply: ChatReply;
  value: Value | undefined;
  problems: string[];
  partial?: Value | undefined;
};

/**
 * Asks, validates, and shows the model what is wrong as often as the adapter allows. When that does not help and the adapter can, asks
 * once more for plain lines instead of JSON. A refusal ends it. The last verdict counts.
 */
export async function askUntilValid<Value>(
  chat: VisionChat,
  { question, ...request }: Question,
  validate: (text: string, reply: ChatReply) => Verdict<Value>,
): Promise<Answer<Value>> {
  const messages: ChatMessage[] = [{ role: "user", text: question }];
  for (let attempt = 0; ; attempt++) {
    const reply = await chat.complete({ ...request, messages });
    const answer = judge(reply, reply.text, validate);
    if (answer.value !== undefined || reply.refused) return answer;
    if (attempt >= chat.repairs)
      return chat.speaksLines ? askForLines(chat, { question, ...request }, answer, validate) : answer;
    messages.push({ role: "assistant", text: reply.text }, { role: "user", text: repairQuestion(answer.problems) });
  }
}

async function askForLines<Value>(
  chat: VisionChat,
  { question, ...request }: Question,
  before: Answer<Value>,
  validate: (text: string, reply: ChatReply) => Verdict<Value>,
): Promise<Answer<Value>> {
  const text = `${question}\n${describeLines(request.schema)}`;
  const reply = await chat.complete({ ...request, form: "lines", messages: [{ role: "user", text }] });
  const fields = readLines(reply.text, request.schema);
  if (!fields) return { ...before, reply, rawReply: reply.text };
  return judge(reply, JSON.stringify(fields), validate);
}

function judge<Value>(
  reply: ChatReply,
  text: string,
  validate: (text: string, reply: ChatReply) => Verdict<Value>,
): Answer<Value> {
  const verdict: Verdict<Value> = reply.refused
    ? { problems: ["the model declined to answer"] }
    : validate(text, reply);
  const { value, problems = [], partial } = verdict;
  return { rawReply: reply.text, reply, value, problems, partial };
}
