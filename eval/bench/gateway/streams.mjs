// Many clients follow one edit: how long after the first of them the last one hears of each event.
import { round, summarize } from "./figures.mjs";
import { residentMiB, startGateway, startServices } from "./processes.mjs";

const steps = 20;

export async function measureStreams(count) {
  const services = await startServices(64, steps, 250);
  const gateway = await startGateway(services.addresses);
  try {
    const form = new FormData();
    form.set("image", new Blob([services.picture]));
    form.set("emotion", "joy");
    const before = residentMiB(gateway.pid);
    const { urls } = await (await fetch(`${gateway.url}/v1/edits`, { method: "POST", body: form })).json();
    const heard = new Map();
    const counts = await Promise.all(Array.from({ length: count }, () => follow(urls.events, heard)));
    const spreads = [...heard.values()]
      .filter((times) => times.length === count)
      .map((times) => Math.max(...times) - Math.min(...times));
    return {
      clients: count,
      events: Math.max(...counts),
      complete: counts.filter((each) => each === Math.max(...counts)).length,
      // The first events come while the clients still connect.
      last_after_first_ms: summarize(spreads.slice(Math.floor(spreads.length / 2))),
      added_mib: round(residentMiB(gateway.pid) - before),
    };
  } finally {
    await gateway.stop();
    services.stop();
  }
}

async function follow(url, heard) {
  const response = await fetch(url);
  let text = "";
  let count = 0;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, id] = /^id: (\d+)$/m.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (id === undefined) continue;
      count += 1;
      const times = heard.get(id) ?? [];
      times.push(performance.now());
      heard.set(id, times);
    }
  }
  return count;
}
