import { SourceError, type ModelSource, type OpenedFile } from "./model-source.ts";

/** A folder behind a plain URL: `https://host/models/dreamshaper/`. */
export function openHttpSource(url: string): ModelSource {
  const base = new URL(url.endsWith("/") ? url : url.replace(/manifest\.json$/, "").replace(/\/?$/, "/"));
  return {
    name: `${base.origin}${base.pathname}`,
    open: (path, from, signal) => fetchRange(new URL(path, base), from, signal),
  };
}

/** GETs a URL from byte `from` on. A server that ignores the range sends the whole file, which the result's `from` says. */
export async function fetchRange(
  url: URL,
  from: number,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<OpenedFile> {
  const name = `${url.origin}${url.pathname}`;
  const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  let response: Response;
  try {
    response = await fetch(url, { headers: { ...headers, ...range }, signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new SourceError(`${name}: no answer`, { cause, retry: true });
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const retry = response.status >= 500 || response.status === 429;
    throw new SourceError(`${name}: expected the file, got HTTP ${response.status}`, { retry });
  }
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  return { body: response.body, from: response.status === 206 ? Number(start ?? from) : 0 };
}
