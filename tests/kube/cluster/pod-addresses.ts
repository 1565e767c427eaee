/** The API server refuses loopback addresses of pods, so pod 10.244.x.y is the process on 127.244.x.y. */
export function loopbackOf(podIp: string): string {
  return podIp.replace(/^10\./, "127.");
}

let last = 0;

/** An address that no pod of this process had before. */
export function nextPodIp(): string {
  last += 1;
  return `10.244.${(last >> 8) & 255}.${last & 255}`;
}
