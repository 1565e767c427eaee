import { SetMetadata } from "@nestjs/common";
import type { Scope } from "./identity.ts";

export const NEEDS = Symbol("needs");

/** The scope that a route needs. Without it a GET needs `read` and every other method `write`. */
export const Needs = (scope: Scope) => SetMetadata(NEEDS, scope);

/** Lets everybody use a route: health and the API's description. */
export const Public = () => SetMetadata(NEEDS, "public");
