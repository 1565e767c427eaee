import { createMoodifierClient, type MoodifierClient } from "@moodifier/sdk";
import type { Command } from "commander";
import { request } from "./api.ts";
import { checkUrl } from "./with-server.ts";

/** The options that say which running gateway a command talks to. */
export interface GatewayOptions {
  readonly server?: string;
}

/** Adds the options of commands that need a running gateway. */
export function addGatewayOptions(command: Command): Command {
  return command.option("--server <url>", "the running gateway").option("--json", "print JSON");
}

/** The generated client over the command line's own way to send: its key, its failures. Throws UsageError without a server. */
export function connect({ server }: GatewayOptions): MoodifierClient {
  return createMoodifierClient({ baseUrl: checkUrl(server), fetch: send });
}

async function send(sent: Request): Promise<Response> {
  const { url, method, headers, signal } = sent;
  const text = sent.body === null ? undefined : await sent.text();
  return request(url, { method, headers, signal, ...(text !== undefined && { body: text }) });
}
