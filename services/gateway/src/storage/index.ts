/** Where pictures live: a port with two adapters. */
export { collectGarbage, type GarbageReport } from "./collect-garbage.ts";
export { FilesystemStorage } from "./filesystem-storage.ts";
export { keyOf, readAll } from "./object-key.ts";
export { createS3Client, openStorage, parseS3Url, storageSettings, type StorageSettings } from "./open-storage.ts";
export { S3Storage } from "./s3-storage.ts";
export type { Content, ObjectInfo, PresignOptions, PutOptions, Storage, StoredObject } from "./storage.ts";
