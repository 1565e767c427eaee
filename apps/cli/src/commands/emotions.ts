import { EMOTIONS, emotionEntry } from "@moodifier/emotion";
import type { Command } from "commander";
import { requestJson } from "../server/api.ts";
import { type ServerOptions, withServer } from "../server/with-server.ts";

interface Options extends Pick<ServerOptions, "server"> {
  readonly json?: boolean;
}

interface EmotionList {
  readonly emotions: readonly { readonly name: string; readonly group: string }[];
}

/** `moodifier emotions`. */
export function addEmotionsCommand(program: Command): void {
  program
    .command("emotions")
    .description("list the emotions")
    .option("--json", "print all that is known about each")
    .option("--server <url>", "those of a running gateway; without it those of this release")
    .action(listEmotions);
}

async function listEmotions({ server, json }: Options): Promise<void> {
  const { emotions } =
    server === undefined ? { emotions: EMOTIONS.map((name) => emotionEntry(name)) } : await ask(server);
  const lines = emotions.map(({ name, group }) => `${name.padEnd(16)}${group}`);
  process.stdout.write(json ? `${JSON.stringify(emotions, null, 2)}\n` : `${lines.join("\n")}\n`);
}

function ask(server: string): Promise<EmotionList> {
  return withServer({ server }, ({ url }, signal) => requestJson<EmotionList>(`${url}/v1/emotions`, { signal }));
}
