/** Stages of an edit, in order. */
export type Stage = "decode" | "vae_encode" | "denoise" | "vae_decode" | "finish";

/** Runs the work of one stage; what it returns is returned. */
export type StageRunner = <T>(stage: Stage, work: () => Promise<T>) => Promise<T>;

/** Measures how long each stage takes. */
export class StageClock {
  /** Milliseconds of the stages that have run. */
  readonly ms: Record<Stage, number> = { decode: 0, vae_encode: 0, denoise: 0, vae_decode: 0, finish: 0 };
  readonly #runStage: StageRunner;

  constructor(runStage: StageRunner = (_stage, work) => work()) {
    this.#runStage = runStage;
  }

  /** Runs a stage. */
  async run<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await this.#runStage(stage, work);
    this.ms[stage] += performance.now() - startedAt;
    return result;
  }
}
