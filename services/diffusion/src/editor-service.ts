import type { Model } from "@moodifier/inference";
import { diffusion } from "@moodifier/proto";
import { serverStream, unary, type BoundedQueue, type CallContext } from "@moodifier/service-kit";
import { EventStream } from "./event-stream.ts";
import { listMethods } from "./methods/method-table.ts";
import { runEdit, type EditOptions, type FinishedEdit } from "./pipeline/run-edit.ts";
import { readEditRequest, type EditOrder } from "./request/edit-request.ts";

/** The handlers of diffusion.v1.Editor over one model; edits take turns in `queue`. */
export function createEditorService(model: Model, queue: BoundedQueue): diffusion.EditorServer {
  return {
    edit: serverStream((request: diffusion.EditRequest, context) => streamEdit(model, queue, request, context)),
    listMethods: unary((_request: diffusion.ListMethodsRequest): diffusion.ListMethodsResponse => ({
      methods: listMethods().map(({ name, description }) => ({ name, description })),
    })),
  };
}

async function* streamEdit(
  model: Model,
  queue: BoundedQueue,
  request: diffusion.EditRequest,
  context: CallContext,
): AsyncGenerator<diffusion.EditEvent> {
  const order = readEditRequest(request, model.manifest);
  using slot = await queue.acquire({ signal: context.signal });
  const steps = order.timesteps.length;
  yield { event: { $case: "accepted", value: { queuedMs: Math.round(slot.queuedMs), steps } } };
  const stop = new AbortController();
  const events = new EventStream<diffusion.EditEvent>();
  const options: EditOptions = {
    signal: AbortSignal.any([context.signal, stop.signal]),
    runStage: context.stage,
    onStep: (step, preview) => {
      const picture = preview && { data: preview, mediaType: "image/png" };
      events.push({ event: { $case: "progress", value: { step, steps, preview: picture } } });
    },
  };
  const work = runEdit(model, order, options).then(
    (finished) => {
      events.push({ event: { $case: "result", value: describeResult(model, order, finished) } });
      events.end();
    },
    (error: unknown) => events.end({ error }),
  );
  try {
    yield* events;
  } finally {
    // The slot is freed only when the work has stopped, so that an abandoned edit never runs beside the next one.
    stop.abort();
    await work;
  }
}

function describeResult(model: Model, order: EditOrder, finished: FinishedEdit): diffusion.EditResult {
  const { seed, steps, guidanceScale, crossReplace, selfReplace, featherPx } = order.sampling;
  const { stageMs, rows, unprunedRows } = finished;
  return {
    image: { data: finished.png, mediaType: "image/png" },
    outsideMask: finished.outside,
    recipe: {
      method: order.method.name,
      modelId: model.manifest.id,
      modelDigest: model.digest,
      seed,
      steps,
      timesteps: [...order.timesteps],
      guidanceScale,
      crossReplace,
      selfReplace,
      featherPx,
      width: finished.size.width,
      height: finished.size.height,
      precision: model.precision("denoiser"),
    },
    timings: {
      decodeMs: stageMs.decode,
      vaeEncodeMs: stageMs.vae_encode,
      denoiseMs: stageMs.denoise,
      vaeDecodeMs: stageMs.vae_decode,
      finishMs: stageMs.finish,
      unetRows: rows,
      unprunedUnetRows: unprunedRows,
    },
    warnings: [...finished.warnings],
  };
}
