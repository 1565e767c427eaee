/**
 * The contracts of Moodifier's services as TypeScript: one namespace for each proto package.
 *
 * `import { common, diffusion } from "@moodifier/proto"` gives `common.EditPlan`, `diffusion.EditorService`, `diffusion.EditorClient` and so on.
 * Enum values are string constants, for example `common.EditKind.SHAPE === "EDIT_KIND_SHAPE"`; `bytes` are `Buffer`s; 64-bit integers are `bigint`s.
 */
export * as clip from "./gen/moodifier/clip/v1/encoder.ts";
export * as common from "./gen/moodifier/common/v1/common.ts";
export * as diffusion from "./gen/moodifier/diffusion/v1/editor.ts";
export * as mllm from "./gen/moodifier/mllm/v1/planner.ts";
export { fileDescriptors } from "./descriptors.ts";
