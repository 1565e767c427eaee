import { networkList } from "../http/network-list.ts";

/** Settings of webhooks; spread into the gateway's schema. */
export const webhookSettings = {
  /** Networks that receivers may be in although they are not public, separated by commas. http is taken there; elsewhere only https. */
  webhookNetworks: networkList,
};
