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

/** A setting that names networks in CIDR form, separated by commas; none unless told. */
export const networkList = z
  .union([
    z.array(network),
    z
      .string()
      .transform((text) => text.split(",").flatMap((part) => part.trim() || []))
      .pipe(z.array(network)),
  ])
  .default([]);
