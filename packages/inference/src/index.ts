export { decodeImage, MAX_PIXELS, type DecodeOptions } from "./image/decode.ts";
export { asDeepPicture, decodeDeep, type DeepDecodeOptions, type DeepPicture } from "./image/deep-picture.ts";
export { finishPicture, type FinishedPicture, type FinishOptions } from "./image/finish-picture.ts";
export {
  buildXmp,
  digitalSourceUri,
  type DigitalSourceType,
  type Provenance,
  SOURCE_TYPES,
} from "./image/provenance.ts";
export {
  OUTPUT_TYPES,
  type OutputFormat,
  writePicture,
  type WriteOptions,
  type WrittenPicture,
} from "./image/write-picture.ts";
export { encodeImage, encodePng, resizePicture, type EncodeOptions } from "./image/encode.ts";
export { ImageError, type ImageReason } from "./image/image-error.ts";
export { MEDIA_TYPES, type ImageFormat } from "./image/image-format.ts";
export { decodeMask, encodeMask, type MaskDecodeOptions } from "./image/mask-codec.ts";
export { createPicture, type Picture, type PictureWarning } from "./image/picture.ts";
export { checkProportions } from "./image/proportions.ts";
export { fromTensor, toTensor, type Normalisation } from "./image/picture-tensor.ts";
export { InferenceError, type InferenceReason } from "./inference-error.ts";
export { loadManifest, verifyFiles } from "./manifest/manifest.ts";
export {
  manifestSchema,
  type ByteTokenizerEntry,
  type ClipTokenizerEntry,
  type GraphEntry,
  type GraphPort,
  type Manifest,
} from "./manifest/manifest-schema.ts";
export { cpuHasInt8Dot, parseDevice, type Device, type PrecisionSetting } from "./session/device.ts";
export { openModel, type Model, type ModelOptions } from "./session/model.ts";
export { openGraph, type GraphSource, type OpenedGraph } from "./session/open-graph.ts";
export { type ModelObserver, type RunOptions, type Session, type StatefulRun } from "./session/session.ts";
export { type NamedTensors } from "./session/worker-protocol.ts";
export { ByteTokenizer } from "./tokenizer/byte-bpe.ts";
export { type BytePairFiles } from "./tokenizer/byte-pairs.ts";
export { ClipTokenizer, type ClipEncoding } from "./tokenizer/clip-bpe.ts";
export {
  RENDITION_TYPES,
  type RenditionFormat,
  type RenditionOptions,
  type RenderedFile,
  renderRendition,
} from "./image/rendition.ts";
