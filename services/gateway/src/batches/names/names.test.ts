import { describe, expect, it } from "vitest";
import { NameRegister } from "./name-register.ts";
import { checkValues, readNameRule } from "./name-rules.ts";
import { NameTemplate } from "./name-template.ts";

const values = { sku: "B0ABCDEFGH", variant: "PT01", position: "3", emotion: "joy", seed: "7", ext: "jpg" };

describe("name templates", () => {
  it.each([
    ["{sku}_{position:02}.{ext}", "B0ABCDEFGH_03.jpg"],
    ["shop/{sku}/{emotion}-{seed}.{ext}", "shop/B0ABCDEFGH/joy-7.jpg"],
    ["amazon", "B0ABCDEFGH.PT01.jpg"],
    ["sku_position", "B0ABCDEFGH_3.jpg"],
    ["folder_per_sku", "B0ABCDEFGH/B0ABCDEFGH_3_joy.jpg"],
  ])("%s makes %s", (text, name) => {
    const rule = readNameRule(text);
    const made = rule.template.fill(values);
    rule.check(made, values);
    expect(made).toBe(name);
  });

  it.each(["{sku}", "{skew}.{ext}", "{sku}.jpg", "{sku}}.{ext}", "{sku:x}.{ext}", "a:b{sku}.{ext}", "", "{}.{ext}"])(
    "the pattern %j is refused",
    (text) => {
      expect(() => new NameTemplate(text)).toThrow(expect.objectContaining({ reason: "TEMPLATE_INVALID" }));
    },
  );

  it("needs each value that it uses", () => {
    const template = new NameTemplate("{sku}_{variant}.{ext}");
    expect(() => template.fill({ sku: "A", variant: "", ext: "png" })).toThrow(
      expect.objectContaining({ reason: "NAME_VALUE_MISSING" }),
    );
  });
});

describe("name rules", () => {
  it.each([
    ["a/../b.png", {}],
    ["a//b.png", {}],
    ["/a.png", {}],
    ["a?.png", {}],
    ["a\u0007.png", {}],
    ["a./b.png", {}],
    [" a.png", {}],
    ["CON.png", {}],
    [`${"x".repeat(260)}.png`, {}],
    [`${"x/".repeat(500)}a.png`, {}],
  ])("%j is forbidden anywhere", (name) => {
    expect(() => readNameRule("{sku}.{ext}").check(name, {})).toThrow(
      expect.objectContaining({ reason: "NAME_FORBIDDEN" }),
    );
  });

  it.each([
    [{ sku: "A-1", variant: "MAIN" }, "A-1.MAIN.jpg"],
    [{ sku: "b0abcdefgh", variant: "MAIN" }, "b0abcdefgh.MAIN.jpg"],
    [{ sku: "B0ABCDEFGH", variant: "PT1" }, "B0ABCDEFGH.PT1.jpg"],
    [{ sku: "B0ABCDEFGH", variant: "MAIN" }, "B0ABCDEFGH.MAIN.webp"],
  ])("Amazon doesn't take %j", (given, name) => {
    expect(() => readNameRule("amazon").check(name, given)).toThrow(
      expect.objectContaining({ reason: "NAME_FORBIDDEN" }),
    );
  });

  it("lets no value leave its folder", () => {
    expect(() => checkValues({ sku: "a/b" })).toThrow(expect.objectContaining({ reason: "NAME_FORBIDDEN" }));
    expect(() => checkValues({ sku: "..\\b" })).toThrow(expect.objectContaining({ reason: "NAME_FORBIDDEN" }));
  });

  it("finds names that some file systems take for one", () => {
    const register = new NameRegister();
    register.add("Caf\u00e9.png", 2);
    register.add("cafe.png", 3);
    expect(() => register.add("cafe\u0301.PNG", 9)).toThrow(/line 2 and line 9/);
  });
});
