import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchStrategy, setHeaderOptions, type V1Container, type V1Pod, type V1Probe } from "@kubernetes/client-node";
import { type ContainerHome, startContainer } from "./container-process.ts";
import { loopbackOf } from "./pod-addresses.ts";
import { askProbe } from "./probes.ts";

const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** Runs one pod's first container until the pod is deleted or has ended: start, probes, restarts, preStop, SIGTERM, SIGKILL after the grace. */
export class PodRunner {
  readonly #home: ContainerHome;
  readonly #pod: V1Pod;
  readonly #container: V1Container;
  readonly #ip: string;
  #process: ChildProcess | undefined;
  /** Counts the starts of the container; probes of an older one end. */
  #generation = 0;
  #exitCode: number | undefined;
  #startedAt: string | undefined;
  #started = false;
  #ready = false;
  #restarts = 0;
  #terminating = false;
  #killed = false;
  /** Whether the API server has not been told yet how the pod is. */
  #untold = false;
  #telling: Promise<void> | undefined;

  constructor(pod: V1Pod, ip: string, home: ContainerHome) {
    this.#pod = pod;
    this.#ip = ip;
    this.#home = home;
    this.#container = pod.spec!.containers[0]!;
  }

  /** Processes that run now: one or none. */
  get pid(): number | undefined {
    return this.#process?.exitCode === null ? this.#process.pid : undefined;
  }

  async start(): Promise<void> {
    if (this.#terminating) return;
    this.#generation += 1;
    const generation = this.#generation;
    this.#startedAt = now();
    this.#exitCode = undefined;
    this.#started = this.#ready = false;
    try {
      this.#process = await startContainer(this.#pod, this.#container, this.#ip, this.#home);
    } catch {
      // For example a Secret that doesn't exist yet: the kubelet tries again.
      setTimeout(() => void this.start(), 500);
      return;
    }
    if (!this.#process) {
      this.#started = this.#ready = true;
      return this.#report();
    }
    this.#process.once("error", () => void this.#ended(127));
    this.#process.once("exit", (code, signal) => void this.#ended(code ?? (signal === "SIGKILL" ? 137 : 143)));
    await this.#report();
    void this.#watch(generation);
  }

  /** What the kubelet does when a pod was deleted: preStop, SIGTERM, SIGKILL when the grace is over, then the object goes. */
  async terminate(graceSeconds: number): Promise<void> {
    if (this.#terminating) return;
    this.#terminating = true;
    const process = this.#process;
    if (process && process.exitCode === null && process.signalCode === null) {
      const gone = new Promise((resolve) => process.once("exit", resolve));
      const killer = setTimeout(() => process.kill("SIGKILL"), graceSeconds * 1000);
      const pause = this.#container.lifecycle?.preStop?.sleep?.seconds ?? 0;
      await Promise.race([sleep(pause * 1000), gone]);
      process.kill("SIGTERM");
      await gone;
      clearTimeout(killer);
    }
    const { name, namespace } = this.#pod.metadata!;
    const body = { gracePeriodSeconds: 0, preconditions: { uid: this.#pod.metadata!.uid! } };
    await this.#untilAnswered(() => this.#home.core.deleteNamespacedPod({ name: name!, namespace: namespace!, body }));
  }

  /** Ends the process now and reports nothing. */
  kill(): void {
    this.#terminating = this.#killed = true;
    this.#process?.kill("SIGKILL");
  }

  async #ended(code: number): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    this.#ready = this.#started = false;
    const { restartPolicy } = this.#pod.spec!;
    await this.#report();
    if (this.#terminating || restartPolicy === "Never" || (restartPolicy === "OnFailure" && code === 0)) return;
    this.#restarts += 1;
    setTimeout(() => void this.start(), 500 * this.#restarts);
  }

  async #watch(generation: number): Promise<void> {
    const current = () => generation === this.#generation && this.#exitCode === undefined;
    const { startupProbe, readinessProbe, livenessProbe } = this.#container;
    if (startupProbe && !(await this.#untilHealthy(startupProbe, current))) return this.#restart(current);
    if (!current()) return;
    this.#started = true;
    if (!readinessProbe) {
      this.#ready = true;
      await this.#report();
    } else {
      void this.#follow(readinessProbe, current, async (healthy) => {
        this.#ready = healthy;
        await this.#report();
      });
    }
    if (livenessProbe) {
      void this.#follow(livenessProbe, current, async (healthy) => {
        if (!healthy) this.#restart(current);
      });
    }
  }

  #restart(current: () => boolean): void {
    // The kubelet asks no liveness once a pod is being deleted.
    if (current() && !this.#terminating) this.#process?.kill("SIGKILL");
  }

  async #untilHealthy(probe: V1Probe, current: () => boolean): Promise<boolean> {
    for (let failures = 0; current() && failures < (probe.failureThreshold ?? 3); failures += 1) {
      if (await askProbe(probe, this.#container, loopbackOf(this.#ip))) return true;
      await sleep((probe.periodSeconds ?? 10) * 1000);
    }
    return false;
  }

  async #follow(probe: V1Probe, current: () => boolean, tell: (healthy: boolean) => Promise<void>): Promise<void> {
    let told: boolean | undefined;
    let failures = 0;
    while (current()) {
      const healthy = await askProbe(probe, this.#container, loopbackOf(this.#ip));
      if (!current()) return;
      failures = healthy ? 0 : failures + 1;
      const verdict = healthy ? true : failures >= (probe.failureThreshold ?? 3) ? false : told;
      if (verdict !== undefined && verdict !== told) {
        told = verdict;
        await tell(verdict);
      }
      await sleep((probe.periodSeconds ?? 10) * 1000);
    }
  }

  /** Tells the API server how the pod is now; one call at a time, so that nothing older arrives later. */
  async #report(): Promise<void> {
    this.#untold = true;
    this.#telling ??= this.#tell().finally(() => (this.#telling = undefined));
    await this.#telling;
  }

  async #tell(): Promise<void> {
    const { name, namespace } = this.#pod.metadata!;
    while (this.#untold) {
      this.#untold = false;
      await this.#untilAnswered(() =>
        this.#home.core.patchNamespacedPodStatus(
          { name: name!, namespace: namespace!, body: { status: this.#status() } },
          mergePatch,
        ),
      );
    }
  }

  /** Makes a call until the API server answers, which may be a refusal: the pod may be gone. */
  async #untilAnswered(call: () => Promise<unknown>): Promise<void> {
    while (!this.#killed) {
      try {
        await call();
        return;
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (typeof code === "number" && code < 500 && code !== 429) return;
        await sleep(300);
      }
    }
  }

  #status() {
    const running = this.#exitCode === undefined;
    const phase = running ? "Running" : this.#exitCode === 0 ? "Succeeded" : "Failed";
    const restarting = !running && !this.#terminating && this.#pod.spec!.restartPolicy === "Always";
    const terminated = {
      exitCode: this.#exitCode ?? 0,
      reason: this.#exitCode === 0 ? "Completed" : "Error",
      startedAt: this.#startedAt,
      finishedAt: now(),
    };
    const condition = (type: string, on: boolean) => ({
      type,
      status: on ? "True" : "False",
      lastTransitionTime: now(),
    });
    const { name, image } = this.#container;
    return {
      phase: restarting ? "Running" : phase,
      podIP: this.#ip,
      podIPs: [{ ip: this.#ip }],
      startTime: this.#startedAt,
      conditions: [
        condition("PodScheduled", true),
        condition("Initialized", true),
        condition("ContainersReady", this.#ready),
        condition("Ready", this.#ready),
      ],
      containerStatuses: [
        {
          name,
          image,
          imageID: "",
          ready: this.#ready,
          started: this.#started,
          restartCount: this.#restarts,
          state: running ? { running: { startedAt: this.#startedAt } } : { terminated },
        },
      ],
    };
  }
}
