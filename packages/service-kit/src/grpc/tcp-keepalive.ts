import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Silence after which the kernel asks whether the peer still lives, milliseconds. Ten unanswered probes, a second apart, end the connection (libuv). */
const SILENCE_MS = 20_000;

let watching = false;

/**
 * Lets the kernel find peers that died without a word (a node that lost power, a cut network): their connections end with ETIMEDOUT some 30 s later, so calls
 * fail as UNAVAILABLE and are made again elsewhere instead of waiting for their deadlines. gRPC's own pings cannot do it, see `limits.ts`. grpc-js shows nobody its
 * sockets, so this holds for all TCP connections that the process opens or accepts from now on.
 */
export function watchPeers(): void {
  if (watching) return;
  watching = true;
  for (const channel of ["net.client.socket", "net.server.socket"])
    subscribe(channel, (message) => (message as { socket: Socket }).socket.setKeepAlive(true, SILENCE_MS));
}
