import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import type { Logger } from "@moodifier/service-kit";
import type { WebhookSender } from "./webhook-sender.ts";
import type { WebhookStore } from "./webhook-store.ts";

const sweepMs = 600_000;

/** Runs the sender as long as the application, and forgets old deliveries. */
@Injectable()
export class WebhookService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sender: WebhookSender;
  readonly #store: WebhookStore;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(sender: WebhookSender, store: WebhookStore, logger: Logger) {
    this.#sender = sender;
    this.#store = store;
    this.#logger = logger;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#sender.start();
    this.#timer = setInterval(() => {
      this.#store
        .sweep()
        .catch((error: unknown) => this.#logger.warn({ err: error }, "could not forget old webhook deliveries"));
    }, sweepMs);
    this.#timer.unref();
  }

  beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    return this.#sender.stop();
  }
}
