import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { MoodError } from "../errors/mood-error.ts";

/** Which addresses may be connected to. */
export interface AddressPolicy {
  /** Networks in CIDR form that are allowed although they aren't public, for example "10.1.0.0/16". */
  readonly allowNetworks?: readonly string[];
  /** How a host name becomes addresses; the system's resolver unless told. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/**
 * The address to connect to for a URL's host: the first of its addresses. All of them must be public or allowed, because a name that also has a private address
 * is not to be trusted. Connect to the returned address and to nothing else: a second resolution may answer otherwise (DNS rebinding).
 * Errors: URL_FORBIDDEN, URL_UNRESOLVED.
 */
export async function pinAddress(url: URL, policy: AddressPolicy = {}): Promise<string> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const addresses = ipaddr.isValid(host) ? [host] : await resolveHost(host, policy);
  const refused = addresses.find((address) => !isAllowed(address, policy));
  if (refused !== undefined) {
    const text = `The host "${host}" has the address ${refused}, which is not a public one.`;
    throw new MoodError("INVALID_ARGUMENT", "URL_FORBIDDEN", text, { details: { host } });
  }
  return addresses[0]!;
}

/** True for addresses of the public internet: not private, loopback, link-local (cloud metadata), carrier, documentation, multicast or translated ones. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === "unicast";
}

function isAllowed(address: string, { allowNetworks = [] }: AddressPolicy): boolean {
  if (isPublicAddress(address)) return true;
  const parsed = ipaddr.process(address);
  return allowNetworks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match([base, bits] as never);
  });
}

async function resolveHost(host: string, { resolve = resolveBySystem }: AddressPolicy): Promise<readonly string[]> {
  let cause: unknown;
  const addresses = await resolve(host).catch((error: unknown) => {
    cause = error;
    return [];
  });
  if (addresses.length > 0) return addresses;
  const text = `The host "${host}" has no address.`;
  throw new MoodError("UNAVAILABLE", "URL_UNRESOLVED", text, { details: { host }, cause });
}

async function resolveBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
