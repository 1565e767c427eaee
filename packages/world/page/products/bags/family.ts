import type { Kit } from "../../kit.ts";
import type { Frame } from "../frame.ts";

/** Builds one shape of bag, `W` wide, `H` high and `D` deep. */
export type Family = (kit: Kit, W: number, H: number, D: number) => Frame;
