import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import type { WebhookSender } from "./webhook-sender.ts";

/** Runs the sender as long as the application. */
@Injectable()
export class WebhookService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sender: WebhookSender;

  constructor(sender: WebhookSender) {
    this.#sender = sender;
  }

  onApplicationBootstrap(): Promise<void> {
    return this.#sender.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#sender.stop();
  }
}
