import type { Command } from "commander";
import { requestJson } from "../server/api.ts";
import { type ServerOptions, withServer } from "../server/with-server.ts";
import { addServerOptions } from "./options.ts";

interface Options extends ServerOptions {
  readonly json?: boolean;
}

interface EmotionList {
  readonly emotions: readonly { readonly name: string; readonly group: string }[];
}

/** `moodifier emotions`. */
export function addEmotionsCommand(program: Command): void {
  const command = program.command("emotions").description("list the emotions");
  addServerOptions(command.option("--json", "print all that is known about each")).action(listEmotions);
}

async function listEmotions(options: Options): Promise<void> {
  await withServer(options, async (server, signal) => {
    const { emotions } = await requestJson<EmotionList>(`${server.url}/v1/emotions`, { signal });
    const lines = emotions.map(({ name, group }) => `${name.padEnd(16)}${group}`);
    process.stdout.write(options.json ? `${JSON.stringify(emotions, null, 2)}\n` : `${lines.join("\n")}\n`);
  });
}
