/** What the service asks of the database thread. */
export type WorkerRequest = { readonly id: number } & (
  | { readonly kind: "query"; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly kind: "listen"; readonly channel: string }
  | { readonly kind: "close" }
);

/** What the thread answers. */
export type WorkerAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly message: string;
      readonly code: string | undefined;
      readonly stack: string | undefined;
    }
  | { readonly kind: "notice"; readonly channel: string; readonly payload: string };
