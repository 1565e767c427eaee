import { expect, it } from "vitest";
import { Lookout } from "./lookout.ts";

/** A lookout whose looks end when they are told to. */
function createLookout() {
  const looks: PromiseWithResolvers<void>[] = [];
  const errors: unknown[] = [];
  const look = (): Promise<void> => {
    const each = Promise.withResolvers<void>();
    looks.push(each);
    return each.promise;
  };
  return { lookout: new Lookout(look, (error) => errors.push(error)), looks, errors };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("looks at once, and once more for all that is asked meanwhile", async () => {
  const { lookout, looks } = createLookout();
  lookout.ask();
  expect(looks).toHaveLength(1);
  lookout.ask();
  lookout.ask();
  await turn();
  expect(looks).toHaveLength(1);
  looks[0]!.resolve();
  await turn();
  expect(looks).toHaveLength(2);
  looks[1]!.resolve();
  await turn();
  expect(looks).toHaveLength(2);
  lookout.ask();
  expect(looks).toHaveLength(3);
});

it("tells of a look that fails, and goes on", async () => {
  const { lookout, looks, errors } = createLookout();
  lookout.ask();
  lookout.ask();
  looks[0]!.reject(new Error("away"));
  await turn();
  expect(errors).toEqual([new Error("away")]);
  expect(looks).toHaveLength(2);
});

it("stops after the look that is under way", async () => {
  const { lookout, looks } = createLookout();
  lookout.ask();
  lookout.ask();
  let stopped = false;
  const stopping = lookout.stop().then(() => (stopped = true));
  await turn();
  expect(stopped).toBe(false);
  looks[0]!.resolve();
  await stopping;
  lookout.ask();
  await turn();
  expect(looks).toHaveLength(1);
});
