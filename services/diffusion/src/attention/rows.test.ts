import { expect, test } from "vitest";
import { MUTUAL_TEXT, SOURCE_EMPTY, SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT, wireStep } from "./phases.ts";
import { virtualInversion } from "../trajectory/virtual-inversion.ts";
import { planSteps } from "./step-plans.ts";

const early = { crossReplace: 0.6, selfReplace: 0.3 };
const { reads } = virtualInversion;
const base = { steps: 8, schedule: early, crossFrom: "source", reads, readsMutual: false } as const;

test("progress counts from 1/steps; cross includes its end, self excludes it", () => {
  const phases = Array.from({ length: 10 }, (_, i) => wireStep(i, 10, early));
  expect(phases.map(({ crossOpen }) => crossOpen)).toEqual([...Array(6).fill(true), ...Array(4).fill(false)]);
  expect(phases.map(({ self }) => self.q[TARGET_TEXT])).toEqual([3, 3, ...Array(8).fill(TARGET_TEXT)]);
});

test("the default edit runs 3, 4 and again 3 rows, and never the mutual branch", () => {
  const plans = planSteps(base);
  // First step: both empty-text rows start from the same latent and text, so one serves both.
  expect(plans[0]!.rows).toEqual([SOURCE_EMPTY, SOURCE_TEXT, TARGET_TEXT]);
  expect(plans[0]!.position[TARGET_EMPTY]).toBe(0);
  expect(plans[1]!.rows).toEqual([SOURCE_EMPTY, TARGET_EMPTY, SOURCE_TEXT, TARGET_TEXT]);
  expect(plans.slice(2).map(({ rows }) => rows)).toEqual(Array(6).fill([TARGET_EMPTY, SOURCE_TEXT, TARGET_TEXT]));
  expect(plans.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(25);
});

test("indices point at positions in the batch", () => {
  const [, replaced, free] = planSteps(base);
  expect(replaced).toMatchObject({
    q: [0, 0, 2, 2],
    k: [0, 0, 2, 2],
    v: [0, 1, 2, 3],
    crossSource: [0, 1, 2, 2],
    crossGate: [0, 0, 0, 1],
  });
  expect(free).toMatchObject({ q: [0, 1, 2], crossSource: [0, 1, 1], crossGate: [0, 0, 1] });
});

test("the mutual branch runs as long as its maps are taken, its empty-text row never", () => {
  const plans = planSteps({ ...base, crossFrom: "mutual" });
  const runs = plans.map(({ position }) => position[MUTUAL_TEXT]! >= 0);
  expect(runs).toEqual([true, true, true, true, false, false, false, false]);
  expect(plans.every(({ rows }) => !rows.includes(2))).toBe(true);
});

test("a mutual branch that is read runs to the end", () => {
  const plans = planSteps({ ...base, readsMutual: true });
  expect(plans.every(({ position }) => position[MUTUAL_TEXT]! >= 0)).toBe(true);
});

test("equal plans are one object, so that their inputs are made once", () => {
  const plans = planSteps(base);
  expect(new Set(plans).size).toBe(4);
});

test("unpruned plans run all six rows", () => {
  expect(planSteps(base, false).every(({ rows }) => rows.length === 6)).toBe(true);
});
