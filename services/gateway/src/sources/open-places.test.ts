import { describe, expect, it } from "vitest";
import { configSchema } from "../config.ts";
import { checkPlace } from "./open-places.ts";

const forbidden = expect.objectContaining({ code: "INVALID_ARGUMENT", reason: "BUCKET_FORBIDDEN" });

describe("places that batches may use", () => {
  it.each([
    ["shop", "shop", ""],
    ["shop", "shop", "other/a.png"],
    ["shop/{tenant}", "shop", "acme"],
    ["shop/{tenant}", "shop", "acme/summer/a.png"],
    ["shop/made/{tenant}", "shop", "made/acme/a.png"],
    ["shop-{tenant}", "shop-acme", "a.png"],
    ["shop/shared", "shop", "shared/a.png"],
  ])("%s opens s3://%s/%s to acme", (entry, bucket, path) => {
    expect(() => checkPlace({ bucket, path }, "acme", ["unused", entry])).not.toThrow();
  });

  it.each([
    ["shop", "shops", "a.png"],
    ["shop/{tenant}", "shop", ""],
    ["shop/{tenant}", "shop", "other/a.png"],
    ["shop/{tenant}", "shop", "acme-2/a.png"],
    ["shop/{tenant}", "shop", "acme/../other/a.png"],
    ["shop/{tenant}", "shop", "acme/..\\other/a.png"],
    ["shop/{tenant}", "shop", "{tenant}/a.png"],
    ["shop", "shop", "../other-bucket/a.png"],
    ["shop-{tenant}", "shop-other", "a.png"],
  ])("%s keeps s3://%s/%s from acme", (entry, bucket, path) => {
    expect(() => checkPlace({ bucket, path }, "acme", [entry])).toThrow(forbidden);
  });
});

describe("MOODIFIER_BATCH_BUCKETS", () => {
  const read = (batchBuckets: string) =>
    configSchema.parse({ mllmAddress: "m:1", clipAddress: "c:1", diffusionAddress: "d:1", batchBuckets }).batchBuckets;

  it("takes buckets and folders", () => {
    expect(read("shop, made/{tenant}/, shop-{tenant}/a")).toEqual(["shop", "made/{tenant}", "shop-{tenant}/a"]);
    expect(read("")).toEqual([]);
  });

  it.each(["s3://shop", "shop/../other", "shop/{tenant}-x", "shop/{user}", "Shop"])("does not take %s", (text) => {
    expect(() => read(text)).toThrow(/a bucket/);
  });
});
