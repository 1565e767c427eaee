import { SOURCE_TYPES } from "@moodifier/inference";
import { z } from "zod";

/** Settings of finished pictures; spread into the gateway's schema. */
export const finishingSettings = {
  /** IPTC DigitalSourceType that results carry: shops ask for the first, the second says that part of the picture is a photograph. */
  digitalSourceType: z.enum(SOURCE_TYPES).default("trainedAlgorithmicMedia"),
};
