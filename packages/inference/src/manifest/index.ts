// What reads model folders without running them: no native code.
export { InferenceError } from "../inference-error.ts";
export { checkFile, type FileRecord } from "./file-digest.ts";
export { loadManifest, readManifest, verifyFiles } from "./manifest.ts";
export { manifestSchema, type Manifest } from "./manifest-schema.ts";
