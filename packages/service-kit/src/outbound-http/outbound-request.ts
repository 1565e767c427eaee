import { type ClientRequest, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIPv6 } from "node:net";
import { MoodError } from "../errors/mood-error.ts";
import { untilAborted } from "../until-aborted.ts";
import { type AddressPolicy, pinAddress } from "./address-policy.ts";

/** A request to a host that somebody else named. */
export interface OutboundRequest {
  readonly url: string;
  /** "GET" unless told. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Limits of an outbound request; all of them hold for the whole chain of redirects. */
export interface OutboundLimits {
  /** Largest body of the answer in bytes. */
  readonly maxBytes: number;
  /** Longest time from the start to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** Redirects that are followed; 0 returns the redirect as the answer. */
  readonly maxRedirects?: number;
  readonly policy?: AddressPolicy;
  readonly signal?: AbortSignal | undefined;
}

/** The whole answer. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

/**
 * Sends a request to a URL that a user named, without becoming a way into the private network: http and https only, every address public (see
 * {@link pinAddress}), the connection made to the very address that was checked, each redirect checked anew, no proxy, no cookies, no credentials.
 *
 * Errors: INVALID_ARGUMENT URL_INVALID, URL_FORBIDDEN, URL_TOO_LARGE, URL_REDIRECTS; UNAVAILABLE URL_UNRESOLVED, URL_UNREACHABLE; DEADLINE_EXCEEDED URL_TIMEOUT.
 * A status of 400 or more is an answer, not an error.
 */
export async function sendOutbound(request: OutboundRequest, limits: OutboundLimits): Promise<OutboundAnswer> {
  const { maxRedirects = 0, timeoutMs } = limits;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = limits.signal ? AbortSignal.any([limits.signal, deadline]) : deadline;
  let url = checkUrl(request.url);
  try {
    for (let hop = 0; ; hop += 1) {
      const address = await untilAborted(pinAddress(url, limits.policy), signal);
      const answer = await exchange(request, { url, address, maxBytes: limits.maxBytes, signal });
      const target = answer.status >= 300 && answer.status < 400 ? answer.headers["location"] : undefined;
      if (typeof target !== "string" || maxRedirects === 0) return { ...answer, url: url.href };
      if (hop >= maxRedirects) throw refuse("URL_REDIRECTS", url, `redirects more than ${maxRedirects} times`);
      url = checkUrl(new URL(target, url).href, url);
    }
  } catch (error) {
    if (limits.signal?.aborted) throw limits.signal.reason;
    if (deadline.aborted) throw timedOut(url, timeoutMs);
    throw explain(error, url);
  }
}

/** The URL, when it is one that may be asked. A redirect from https to http is refused. */
function checkUrl(text: string, from?: URL): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    const got = url ? `a ${url.protocol} URL${url.username === "" ? "" : " with credentials"}` : "something else";
    const message = `expected an http or https URL without credentials, got ${got}.`;
    throw new MoodError("INVALID_ARGUMENT", "URL_INVALID", message, {
      details: { expected: "an http or https URL", got },
    });
  }
  if (from?.protocol === "https:" && url.protocol === "http:") throw refuse("URL_FORBIDDEN", from, "redirects to http");
  return url;
}

interface Exchange {
  readonly url: URL;
  readonly address: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** One request and its answer, over a connection of its own to `address`. */
async function exchange(request: OutboundRequest, { url, address, maxBytes, signal }: Exchange) {
  const sent = open(url, {
    method: request.method ?? "GET",
    headers: { "User-Agent": "moodifier", Accept: "*/*", ...request.headers, Host: url.host },
    agent: false,
    signal,
    lookup: (_host, options, done) => {
      const family = isIPv6(address) ? 6 : 4;
      if (options.all) done(null, [{ address, family }]);
      else done(null, address, family);
    },
  });
  const answer = await answerOf(sent, request.body);
  try {
    const declared = Number(answer.headers["content-length"] ?? 0);
    if (declared > maxBytes) throw tooLarge(url, maxBytes);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await readBody(answer, url, maxBytes) };
  } finally {
    answer.destroy();
  }
}

function open(url: URL, options: RequestOptions): ClientRequest {
  return url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
}

function answerOf(sent: ClientRequest, body: string | Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

async function readBody(answer: IncomingMessage, url: URL, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(url, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(reason: string, url: URL, what: string): MoodError {
  return new MoodError("INVALID_ARGUMENT", reason, `${url.origin} ${what}.`, { details: { origin: url.origin } });
}

function tooLarge(url: URL, maxBytes: number): MoodError {
  return refuse("URL_TOO_LARGE", url, `sends more than ${maxBytes} bytes`);
}

function timedOut(url: URL, timeoutMs: number): MoodError {
  const text = `${url.origin} didn't send its whole answer within ${timeoutMs} ms.`;
  return new MoodError("DEADLINE_EXCEEDED", "URL_TIMEOUT", text, { details: { origin: url.origin, timeoutMs } });
}

function explain(error: unknown, url: URL): unknown {
  if (error instanceof MoodError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
  const text = `${url.origin} can't be reached or broke off (${code}).`;
  return new MoodError("UNAVAILABLE", "URL_UNREACHABLE", text, { details: { origin: url.origin }, cause: error });
}
