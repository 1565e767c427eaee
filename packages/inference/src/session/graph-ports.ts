// Runs in the session worker too: keep it free of imports that need package resolution.
import type { Tensor } from "@moodifier/tensor";
import { InferenceError } from "../inference-error.ts";
import type { GraphEntry, GraphPort } from "../manifest/manifest-schema.ts";

/** What ONNX Runtime says about one input or output; free dims come as names or, unnamed, as "". */
export interface RealPort {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/**
 * Checks the feeds of a run before anything is sent: names, dtypes, ranks, fixed dims, and that a named dim has one value
 * everywhere. Inputs in `carried` may be missing. Throws InferenceError FEED_INVALID that lists every fault.
 */
export function checkFeeds(
  role: string,
  graph: GraphEntry,
  feeds: Readonly<Record<string, Tensor>>,
  carried: readonly string[] = [],
): void {
  const faults: string[] = [];
  const named = new Map<string, { value: number; input: string }>();
  for (const name of Object.keys(feeds)) {
    if (!Object.hasOwn(graph.inputs, name)) {
      faults.push(`unknown input "${name}" (the graph has ${Object.keys(graph.inputs).join(", ")})`);
    }
  }
  for (const [name, port] of Object.entries(graph.inputs)) {
    const feed = feeds[name];
    if (feed) {
      faults.push(...compareFeed(name, port, feed, named));
    } else if (!carried.includes(name)) {
      faults.push(`input "${name}" is missing (expected ${describePort(port)})`);
    }
  }
  if (faults.length > 0) {
    throw new InferenceError("FEED_INVALID", `${role}: ${faults.join("; ")}`);
  }
}

/** Checks names of wanted outputs. Throws InferenceError FEED_INVALID. */
export function checkOutputs(role: string, graph: GraphEntry, outputs: readonly string[]): void {
  const unknown = outputs.filter((name) => !Object.hasOwn(graph.outputs, name));
  if (unknown.length > 0 || outputs.length === 0) {
    const have = Object.keys(graph.outputs).join(", ");
    throw new InferenceError(
      "FEED_INVALID",
      `${role}: no such output: ${unknown.join(", ") || "(none asked)"}; the graph has ${have}`,
    );
  }
}

/** Compares the manifest's ports with those of the loaded graph. Throws InferenceError GRAPH_INVALID that lists every difference. */
export function checkGraph(
  role: string,
  graph: GraphEntry,
  inputs: readonly RealPort[],
  outputs: readonly RealPort[],
): void {
  const faults = [...comparePorts("input", graph.inputs, inputs), ...comparePorts("output", graph.outputs, outputs)];
  if (faults.length > 0) {
    throw new InferenceError(
      "GRAPH_INVALID",
      `${role} (${graph.file}) is not the graph that the manifest describes: ${faults.join("; ")}`,
    );
  }
}

function compareFeed(
  name: string,
  port: GraphPort,
  feed: Tensor,
  named: Map<string, { value: number; input: string }>,
): string[] {
  const came = `${feed.dtype} [${feed.dims.join(",")}]`;
  const misfit = [`input "${name}" must be ${describePort(port)}, got ${came}`];
  const count = feed.dims.reduce((product, dim) => product * dim, 1);
  if (feed.dtype !== port.dtype || feed.dims.length !== port.dims.length) {
    return misfit;
  }
  if (count !== feed.data.length) {
    return [`input "${name}" has ${feed.data.length} values for ${came}`];
  }
  for (const [axis, dim] of port.dims.entries()) {
    const value = feed.dims[axis]!;
    const known = typeof dim === "string" ? named.get(dim) : { value: dim, input: name };
    if (!known) {
      named.set(dim as string, { value, input: name });
    } else if (known.value !== value) {
      return typeof dim === "string" ? [`${misfit[0]}, while ${dim} is ${known.value} in "${known.input}"`] : misfit;
    }
  }
  return [];
}

function comparePorts(
  kind: string,
  expected: Readonly<Record<string, GraphPort>>,
  real: readonly RealPort[],
): string[] {
  const faults: string[] = [];
  const byName = new Map(real.map((port) => [port.name, port]));
  for (const port of real) {
    if (!Object.hasOwn(expected, port.name)) {
      faults.push(`${kind} "${port.name}" is not in the manifest`);
    }
  }
  for (const [name, port] of Object.entries(expected)) {
    const found = byName.get(name);
    const shape = found?.shape ?? [];
    const fits =
      found?.isTensor &&
      found.type === port.dtype &&
      shape.length === port.dims.length &&
      // A fixed dim of the manifest may be free in the graph, never the reverse with another number.
      port.dims.every((dim, axis) => typeof shape[axis] === "string" || shape[axis] === dim);
    if (!fits) {
      const came = found ? `${found.type ?? "no tensor"} [${shape.join(",")}]` : "nothing";
      faults.push(`${kind} "${name}" should be ${describePort(port)}, the graph has ${came}`);
    }
  }
  return faults;
}

function describePort(port: GraphPort): string {
  return `${port.dtype} [${port.dims.join(",")}]`;
}
