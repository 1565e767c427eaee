import type { Metrics } from "./metrics.ts";

/** What the sessions of a model tell (see the inference package), written to the metrics of their service. */
export function modelObserver({ modelLoad, inferenceDuration }: Pick<Metrics, "modelLoad" | "inferenceDuration">) {
  return {
    loaded: (role: string, seconds: number) => modelLoad.set({ role }, seconds),
    ran: (role: string, seconds: number) => inferenceDuration.observe({ role }, seconds),
  };
}
