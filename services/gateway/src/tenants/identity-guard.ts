import { type CanActivate, type ExecutionContext, Inject, Injectable } from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import type { Request, Response } from "express";
import { MoodError } from "@moodifier/service-kit";
import { AUTHENTICATOR } from "../tokens.ts";
import type { Authenticator } from "./authenticator.ts";
import { type Scope, setIdentity } from "./identity.ts";
import { NEEDS } from "./needs.ts";

/** Stands before every route: finds out who calls and whether they may. A route that says nothing is not public. */
@Injectable()
export class IdentityGuard implements CanActivate {
  readonly #authenticator: Authenticator;
  readonly #reflector: Reflector;

  constructor(@Inject(AUTHENTICATOR) authenticator: Authenticator, @Inject(Reflector) reflector: Reflector) {
    this.#authenticator = authenticator;
    this.#reflector = reflector;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const needs = this.#reflector.getAllAndOverride<Scope | "public" | undefined>(NEEDS, targets);
    if (needs === "public") return true;
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    try {
      const identity = await this.#authenticator.identify(request.headers.authorization);
      const scope = needs ?? (request.method === "GET" || request.method === "HEAD" ? "read" : "write");
      if (!identity.scopes.includes(scope) && !identity.scopes.includes("operator")) throw tooWeak(scope);
      setIdentity(request, identity);
      return true;
    } catch (error) {
      if (error instanceof MoodError && error.code === "UNAUTHENTICATED") {
        response.setHeader("WWW-Authenticate", 'Bearer realm="moodifier"');
      }
      throw error;
    }
  }
}

function tooWeak(scope: Scope): MoodError {
  return new MoodError("PERMISSION_DENIED", "SCOPE_MISSING", `This needs a key with the scope "${scope}".`, {
    details: { scope },
  });
}
