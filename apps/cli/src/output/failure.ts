import type { Problem } from "../server/api-types.ts";

/** What the process's exit code says. */
export const exitCodes = { done: 0, failed: 1, usage: 2, unavailable: 3, partial: 4, interrupted: 130 } as const;

/** A refusal that the command line makes itself. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A server that can't be started or reached. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

/** The user pressed Ctrl-C, or the process was told to end. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** The server answered with a problem. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Prints why a command failed to standard error and returns the exit code. */
export function printFailure(error: unknown): number {
  if (error instanceof ProblemError) {
    process.stderr.write(`${describeProblem(error.problem)}\n`);
    return exitCodeOf(error.problem);
  }
  process.stderr.write(`moodifier: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof UnavailableError) return exitCodes.unavailable;
  if (error instanceof InterruptedError) return exitCodes.interrupted;
  return exitCodes.failed;
}

/** A problem in lines: what happened, the argument, what was expected, what came. */
export function describeProblem(problem: Problem): string {
  const { argument, expected, got, service, stage, details, errors, request_id: requestId } = problem;
  const near = details?.["near"];
  const lines: [string, string | undefined][] = [
    ["argument", argument && optionOf(argument)],
    ["expected", expected],
    ["got", got],
    ["near", Array.isArray(near) && near.length > 0 ? near.join(", ") : undefined],
    ["service", service],
    ["stage", stage],
    ["request", problem.status >= 500 ? requestId : undefined],
  ];
  const facts = lines.filter(([, value]) => value !== undefined).map(([name, value]) => `  ${name.padEnd(9)} ${value}`);
  const others = (errors ?? []).slice(1).map(({ detail }) => `  also      ${detail}`);
  return [`moodifier: ${problem.detail} (${problem.reason})`, ...facts, ...others].join("\n");
}

/** The API's argument as the command line calls it. */
function optionOf(argument: string): string {
  return argument === "image" ? "IN" : `--${argument.replace(/^output_/, "").replaceAll("_", "-")}`;
}

function exitCodeOf({ status, code }: Problem): number {
  if (code === "UNAVAILABLE" || code === "RESOURCE_EXHAUSTED") return exitCodes.unavailable;
  return status >= 400 && status < 499 && code !== "CANCELLED" ? exitCodes.usage : exitCodes.failed;
}
