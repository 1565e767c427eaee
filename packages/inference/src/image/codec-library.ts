import sharp from "sharp";

/** libvips classes of the decoders that may read untrusted bytes. */
const ALLOWED_LOADERS = ["VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer"];

// Once per process: every loader off, then three on. libvips would otherwise read SVG, PDF, TIFF and more if a check were passed by.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: ALLOWED_LOADERS });
// Requests share nothing, so a cache only holds memory; one thread per picture, since pictures come in parallel.
sharp.cache(false);
sharp.concurrency(1);

export { sharp };
