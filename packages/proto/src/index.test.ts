import { describe, expect, it } from "vitest";
import { clip, common, fileDescriptors, diffusion, mllm } from "./index.ts";

describe("generated contracts", () => {
  it("round-trips a request with enum, bigint, bytes and optional fields", () => {
    const request = diffusion.EditRequest.fromPartial({
      image: { data: Buffer.from([1, 2, 3]), mediaType: "image/png" },
      plan: { emotion: "joy", kind: common.EditKind.SHAPE, maskSource: common.MaskSource.USER },
      sampling: { seed: 2n ** 63n + 1n },
    });
    const read = diffusion.EditRequest.decode(diffusion.EditRequest.encode(request).finish());
    expect(read.plan?.kind).toBe("EDIT_KIND_SHAPE");
    expect(read.sampling?.seed).toBe(2n ** 63n + 1n);
    expect(read.sampling?.steps).toBeUndefined();
    expect([...(read.image?.data ?? [])]).toEqual([1, 2, 3]);
  });

  it("keeps the case of a oneof", () => {
    const event = diffusion.EditEvent.fromPartial({ event: { $case: "progress", value: { step: 1, steps: 8 } } });
    const read = diffusion.EditEvent.decode(diffusion.EditEvent.encode(event).finish());
    expect(read.event?.$case).toBe("progress");
  });

  it("exposes every service and the descriptors of all files", () => {
    expect(mllm.PlannerClient.serviceName).toBe("moodifier.mllm.v1.Planner");
    expect(clip.EncoderClient.serviceName).toBe("moodifier.clip.v1.Encoder");
    const text = fileDescriptors().join("\n");
    for (const name of ["common/v1/common", "mllm/v1/planner", "clip/v1/encoder", "diffusion/v1/editor"]) {
      expect(text).toContain(`moodifier/${name}.proto`);
    }
  });
});
