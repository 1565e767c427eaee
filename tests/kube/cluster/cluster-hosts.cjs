// Loaded into every pod process: resolves the names of the cluster's Services from a file, as the cluster's DNS would.
const dns = require("node:dns");
const { readFileSync } = require("node:fs");

const file = process.env.CLUSTER_HOSTS;
const lookup = dns.lookup;
const lookupPromise = dns.promises.lookup;

/** Addresses of a Service's ready pods; undefined when the name is none of a Service. */
function addressesOf(name) {
  const match = /^([^.]+\.[^.]+\.svc)(\.cluster\.local)?\.?$/.exec(name);
  return match ? (JSON.parse(readFileSync(file, "utf8"))[match[1]] ?? []) : undefined;
}

function answer(name, addresses, options) {
  if (addresses.length === 0) {
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND", syscall: "getaddrinfo" });
  }
  const found = addresses.map((address) => ({ address, family: 4 }));
  return options?.all ? found : found[0];
}

dns.promises.lookup = async (name, options) => {
  const addresses = addressesOf(name);
  return addresses ? answer(name, addresses, options) : lookupPromise(name, options);
};

dns.lookup = (name, options, callback) => {
  if (typeof options === "function") return dns.lookup(name, {}, options);
  const addresses = addressesOf(name);
  if (!addresses) return lookup(name, options, callback);
  try {
    const found = answer(name, addresses, options);
    if (options.all) process.nextTick(callback, null, found);
    else process.nextTick(callback, null, found.address, found.family);
  } catch (error) {
    process.nextTick(callback, error);
  }
};
