import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { drawPicture } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type ScriptedServices, startScriptedServices } from "../../services/gateway/src/testing/scripted-services.ts";
import { ServiceProcess, type Settings } from "./service-process.ts";

/** What a test of the gateway alone stands on. */
export class GatewayFixture {
  services!: ScriptedServices;
  picture!: Buffer;
  /** Empty at first. */
  folder!: string;
  #gateway: ServiceProcess | undefined;

  /** For each test of the file that calls it: scripted services, a picture of the given size, a folder; gone after it, with the gateway. */
  static prepare(width: number, height: number): GatewayFixture {
    const fixture = new GatewayFixture();
    beforeEach(async () => {
      fixture.picture = await drawPicture(width, height);
      fixture.services = await startScriptedServices(fixture.picture);
      fixture.folder = await mkdtemp(join(tmpdir(), "moodifier-faults-"));
    });
    afterEach(async () => {
      await fixture.#gateway?.kill();
      await fixture.services.stop();
      await rm(fixture.folder, { recursive: true, force: true });
    });
    return fixture;
  }

  /** Starts the gateway, its database in the folder; resolves with its URL. */
  async start(settings: Settings = {}, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const dataDir = join(this.folder, "data");
    this.#gateway = await ServiceProcess.start("gateway", { ...this.services.addresses, dataDir, ...settings }, env);
    return this.#gateway.url;
  }
}
