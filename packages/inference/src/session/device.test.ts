import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chooseGraph, parseDevice } from "./device.ts";
import { openModel } from "./model.ts";

const TINY = fileURLToPath(new URL("../../../../tests/golden/tiny", import.meta.url));
const plain = { file: "d.onnx", data: ["d.data"], inputs: {}, outputs: {}, storage: "float16" as const };
const both = {
  ...plain,
  variants: { fp16: { file: "d.fp16.onnx", data: ["d.data"] }, int8: { file: "d.int8.onnx", data: [] } },
};
const [cpu, gpu] = [parseDevice("cpu"), parseDevice("cuda:1")];

test("devices are read, anything else is refused", () => {
  expect(gpu).toEqual({ kind: "cuda", index: 1 });
  expect(parseDevice("cuda")).toEqual({ kind: "cuda", index: 0 });
  expect(() => parseDevice("tpu")).toThrow('device must be cpu, cuda or cuda:N, got "tpu"');
});

test.each([
  ["auto", gpu, true, "d.fp16.onnx"],
  ["auto", cpu, true, "d.int8.onnx"],
  ["auto", cpu, false, "d.onnx"],
  ["fp32", gpu, true, "d.onnx"],
  ["int8", cpu, false, "d.int8.onnx"],
  ["fp16", cpu, false, "d.fp16.onnx"],
] as const)("%s on %o (int8 dot: %s) runs %s", (setting, device, dot, file) => {
  expect(chooseGraph("denoiser", both, setting, device, () => dot).file).toBe(file);
});

test("a precision that was not exported is refused; graphs without variants run as they are", () => {
  const half = { ...both, variants: { fp16: both.variants.fp16 } };
  expect(() => chooseGraph("denoiser", half, "int8", cpu)).toThrow(/expected precision fp32, fp16 or auto, got int8/);
  expect(chooseGraph("vae_encoder", plain, "int8", cpu).file).toBe("d.onnx");
});

test("a GPU that is not there is refused, never replaced by the CPU", async () => {
  const opening = openModel(TINY, { threads: 1, device: "cuda", roles: ["vae_decoder"] });
  await expect(opening).rejects.toMatchObject({
    reason: "DEVICE_UNAVAILABLE",
    message: expect.stringContaining("cuda:0"),
  });
});
