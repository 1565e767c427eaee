import {
  type Metadata,
  type ServerInterceptingCallInterface,
  ServerInterceptingCall,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { toStatus } from "../errors/grpc-status.ts";
import { MoodError } from "../errors/mood-error.ts";
import { type CallEnvironment, ServedCall } from "./call.ts";
import { DEADLINE_FLOOR_MS, MAX_CALL_MS } from "./limits.ts";

// grpc-js hands the very Metadata object that the interceptors saw to the handler; that is what joins the two.
const calls = new WeakMap<Metadata, ServedCall>();

/** The call that `metadata` came with. */
export function servedCall(metadata: Metadata): ServedCall {
  const call = calls.get(metadata);
  if (!call) throw new Error("this handler runs outside a server made by serve()");
  return call;
}

/** Follows every call of one server: metrics, log, trace, deadline floor, and who is still running. */
export class Observer {
  readonly #environment: CallEnvironment;
  readonly #running = new Set<ServedCall>();
  /** Open health watches and reflection streams, which end only when told. */
  readonly #watches = new Set<ServerInterceptingCallInterface>();
  #draining = false;

  constructor(environment: CallEnvironment) {
    this.#environment = environment;
  }

  /** The interceptor to give to the server. */
  readonly interceptor: ServerInterceptor = (method, call) =>
    method.path.startsWith("/grpc.") ? this.#watch(call) : this.#serve(method.path, call);

  /** From now on new calls are refused with UNAVAILABLE; health watches and reflection streams end. */
  drain(): void {
    this.#draining = true;
    for (const watch of this.#watches) watch.sendStatus(toStatus(stoppingError()));
  }

  /** Tells every running handler to stop. Returns how many there were. */
  abortAll(): number {
    for (const call of this.#running) call.abort(stoppingError());
    return this.#running.size;
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running].map((call) => call.ended));
  }

  #serve(path: string, call: ServerInterceptingCallInterface): ServerInterceptingCall {
    let served: ServedCall | undefined;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            const deadline = Math.min(Number(call.getDeadline()), Date.now() + MAX_CALL_MS);
            served = this.#open(path, metadata, deadline);
            const refusal = this.#refusal(deadline);
            if (refusal) {
              const status = toStatus(refusal);
              served.settle(status.code);
              call.sendStatus(status);
            } else {
              forward(metadata);
            }
          },
          onCancel: () => served?.close(),
        }),
      sendStatus: (status, next) => {
        served?.settle(status.code ?? 0);
        next(status);
      },
    });
  }

  #open(path: string, metadata: Metadata, deadline: number): ServedCall {
    const served = new ServedCall(path, metadata, deadline, this.#environment);
    calls.set(metadata, served);
    this.#running.add(served);
    void served.ended.then(() => this.#running.delete(served));
    return served;
  }

  #refusal(deadline: number): MoodError | undefined {
    if (this.#draining) return stoppingError();
    const left = deadline - Date.now();
    if (left >= DEADLINE_FLOOR_MS) return undefined;
    const text = `the call came with ${Math.round(left)} ms left, at least ${DEADLINE_FLOOR_MS} ms are needed`;
    return new MoodError("DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT", text);
  }

  #watch(call: ServerInterceptingCallInterface): ServerInterceptingCall {
    this.#watches.add(call);
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => void this.#watches.delete(call) }),
    });
  }
}

function stoppingError(): MoodError {
  return new MoodError(
    "UNAVAILABLE",
    "SERVICE_STOPPING",
    "the service is stopping; call again to reach another replica",
  );
}
