import { isIP } from "node:net";
import { z } from "zod";

const network = z.string().refine(
  (text) => {
    const [base = "", bits = ""] = text.split("/");
    const kind = isIP(base);
    return kind !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128);
  },
  { error: "expected networks such as 10.1.0.0/16, separated by commas" },
);

/** Settings of webhooks; spread into the gateway's schema. */
export const webhookSettings = {
  /** Networks that receivers may be in although they are not public, separated by commas. http is taken there; elsewhere only https. */
  webhookNetworks: z
    .union([
      z.array(network),
      z
        .string()
        .transform((text) => text.split(",").map((part) => part.trim()))
        .pipe(z.array(network)),
    ])
    .default([]),
};
