import { availableParallelism } from "node:os";
import { type Annotator, connectAnnotator, connectScorer, type Scorer } from "@moodifier/archive";
import { defaultModelDir, startStack } from "../server/embedded-stack.ts";

/** The options that say where the model services are. */
export interface ServiceOptions {
  readonly mllm?: string;
  readonly clip?: string;
  readonly modelDir?: string;
  readonly verbose?: boolean;
}

/** The model services that the archive needs. */
export interface ArchiveServices {
  readonly annotator: Annotator;
  readonly scorer: Scorer;
}

/** Runs `work` against the named services; those that are not named are started for as long as the work takes. */
export async function withServices<T>(
  options: ServiceOptions,
  needed: readonly ("mllm" | "clip")[],
  signal: AbortSignal,
  work: (services: ArchiveServices) => Promise<T>,
): Promise<T> {
  const missing = needed.some((name) => options[name] === undefined);
  const modelDir = options.modelDir ?? defaultModelDir;
  const planners = Math.min(8, availableParallelism());
  const stack = missing ? await startStack({ modelDir, planners, showLogs: options.verbose }, signal) : undefined;
  const address = (name: "mllm" | "clip"): string => options[name] ?? `127.0.0.1:${stack?.ports[name] ?? 0}`;
  const annotator = connectAnnotator(address("mllm"));
  const scorer = connectScorer(address("clip"));
  try {
    return await work({ annotator, scorer });
  } finally {
    annotator.close();
    scorer.close();
    await stack?.stop();
  }
}
