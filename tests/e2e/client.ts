/** The parts of a job that the tests read. */
export interface Edit {
  readonly id: string;
  readonly status: string;
  readonly stage: string;
  readonly progress: { readonly step: number; readonly steps: number; readonly percentage: number };
  readonly mask_coverage?: number;
  readonly plan: {
    readonly mask_source: string;
    readonly target_prompt: string;
    readonly regions: readonly { readonly label: string }[];
  };
  readonly timings: Readonly<Record<string, number>>;
  readonly outside_mask: { readonly max_abs_diff: number; readonly changed_px: number; readonly total_px: number };
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly urls: { readonly self: string; readonly cancel: string; readonly events: string; readonly result: string };
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  readonly detail: string;
  readonly argument?: string;
  readonly details?: { readonly near?: readonly string[] };
}

/** A multipart form; buffers become files. */
export function formOf(fields: Readonly<Record<string, string | Buffer>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), name);
  }
  return form;
}

/** Starts an edit by multipart and returns the answer. */
export function postEdit(
  url: string,
  fields: Readonly<Record<string, string | Buffer>>,
  options: { prefer?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${url}/v1/edits`, {
    method: "POST",
    body: formOf(fields),
    ...(options.prefer !== undefined && { headers: { Prefer: options.prefer } }),
    ...(options.signal && { signal: options.signal }),
  });
}

/** Makes an edit and waits for it; fails with the server's words when it isn't made. */
export async function makeEdit(url: string, fields: Readonly<Record<string, string | Buffer>>): Promise<Edit> {
  const response = await postEdit(url, fields, { prefer: "wait=60" });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Edit;
}

/** Makes an edit that is refused and returns why. */
export async function refusedEdit(url: string, fields: Readonly<Record<string, string | Buffer>>): Promise<Problem> {
  const response = await postEdit(url, fields, { prefer: "wait=60" });
  if (response.status < 400) throw new Error(`expected a refusal, got ${response.status}`);
  return (await response.json()) as Problem;
}

export async function getJson<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

export async function getBytes(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}
