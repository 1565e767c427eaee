import { expect, it } from "vitest";
import { endingsOf, toFormatFields } from "./result-format.ts";

it.each([
  ["a.png", "png"],
  ["a.JPG", "jpeg"],
  ["a.jpeg", "jpeg"],
  ["a.b.webp", "webp"],
  ["a.avif", "avif"],
])("takes the format of %s", (out, format) => {
  expect(toFormatFields({ out })["output_format"]).toBe(format);
  expect(endingsOf(undefined).some((ending) => out.toLowerCase().endsWith(ending))).toBe(true);
});

it("says what was asked for, and nothing else", () => {
  const options = { out: "a.jpg", format: "jpeg", quality: "80", matte: "#ffffff", maxBytes: "90000" };
  expect(toFormatFields(options)).toEqual({
    output_format: "jpeg",
    output_quality: "80",
    output_profile: undefined,
    output_matte: "#ffffff",
    output_max_bytes: "90000",
  });
});

it("knows the names of each format, and no other formats", () => {
  expect(endingsOf("jpeg")).toEqual([".jpg", ".jpeg"]);
  expect(() => endingsOf("gif")).toThrow('--format: expected png, jpeg, webp, avif, got "gif"');
  expect(() => endingsOf("toString")).toThrow("--format");
});
