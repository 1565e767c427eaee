import { ProblemError, UnavailableError } from "../output/failure.ts";
import type { Problem } from "./api-types.ts";

let apiKey: string | undefined;

/** The key that every request to the gateway carries from now on. */
export function useApiKey(key: string | undefined): void {
  apiKey = key;
}

/** A request to the gateway; an answer of 400 or more throws ProblemError, no answer UnavailableError. */
export async function request(url: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = new Headers(options.headers);
    if (apiKey !== undefined) headers.set("Authorization", `Bearer ${apiKey}`);
    response = await fetch(url, { ...options, headers });
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new UnavailableError(`${new URL(url).origin} can't be reached: ${causeOf(error)}`, { cause: error });
  }
  if (response.status < 400) return response;
  throw new ProblemError(await readProblem(response));
}

/** A request whose answer is JSON. Throws UnavailableError for any other. */
export async function requestJson<T>(url: string, options: RequestInit = {}): Promise<T> {
  const text = await (await request(url, options)).text();
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const start = text.trim().slice(0, 40);
    throw new UnavailableError(`${new URL(url).origin} is no gateway: expected JSON, got "${start}"`, { cause });
  }
}

/** A form of text fields and files. Fields without a value are left out. */
export function toForm(
  fields: Readonly<Record<string, string | undefined>>,
  files: Readonly<Record<string, Uint8Array<ArrayBuffer> | undefined>>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  for (const [name, data] of Object.entries(files)) if (data) form.append(name, new Blob([data]), name);
  return form;
}

async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) return JSON.parse(text) as Problem;
  const detail = `${response.url} answered ${response.status}: ${text.slice(0, 200)}`;
  const facts = {
    type: "about:blank",
    title: "Not a gateway",
    code: "UNKNOWN",
    reason: "NOT_A_GATEWAY",
    retryable: false,
  };
  return { ...facts, status: response.status, detail };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === "" ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : cause.message;
}
