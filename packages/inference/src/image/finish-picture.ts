import { decodeImage } from "./decode.ts";
import { asDeepPicture, decodeDeep, type DeepPicture } from "./deep-picture.ts";
import { mergeEdit } from "./merge-edit.ts";
import type { Picture } from "./picture.ts";
import { attachPngXmp } from "./png-chunk.ts";
import { buildXmp, type Provenance } from "./provenance.ts";
import { type WriteOptions, writePicture, type WrittenPicture } from "./write-picture.ts";

/** What to make of an edit. */
export interface FinishOptions extends Partial<Omit<WriteOptions, "xmp">> {
  /** "source" keeps an RGB source's profile and samples, "srgb" converts. Default "source". */
  readonly profile?: "source" | "srgb" | undefined;
  /** What the file tells about its making; undefined writes nothing. */
  readonly provenance?: Provenance | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A finished edit as a file. */
export interface FinishedPicture extends WrittenPicture {
  readonly width: number;
  readonly height: number;
  /** Bits a sample in the file. */
  readonly depth: 8 | 16;
  /** Whether the file carries the source's colour profile; without it its colours are sRGB. */
  readonly keepsProfile: boolean;
}

/**
 * Turns the editor's picture (`edited`: PNG, upright, 8-bit sRGB, the source's pixels outside the mask) into the file that the user
 * gets: the source's own samples wherever nothing changed (16 bits, profile, alpha), the edit brought to them elsewhere, then the chosen
 * format with the provenance and no other metadata. The same arguments give the same bytes. Throws ImageError as decoding and
 * {@link writePicture} do, or the signal's reason.
 */
export async function finishPicture(
  source: Uint8Array,
  edited: Buffer,
  options: FinishOptions = {},
): Promise<FinishedPicture> {
  const { signal, profile = "source", provenance } = options;
  const format = options.format ?? "png";
  const xmp = provenance && buildXmp(provenance);
  const before = await decodeImage(source, { signal });
  const size = { width: before.width, height: before.height };
  const plain = before.depth === 8 && (!before.hadIcc || profile === "srgb");
  if (plain && format === "png" && options.quality === undefined && options.maxBytes === undefined && !options.matte) {
    // The editor's file holds every sample already.
    const data = xmp === undefined ? edited : attachPngXmp(edited, xmp);
    return { data, mediaType: "image/png", ...size, depth: 8, keepsProfile: false };
  }
  const picture = await assemble({ source, before, edited, plain }, options);
  signal?.throwIfAborted();
  const written = await writePicture(picture, { ...options, format, xmp });
  return {
    ...written,
    ...size,
    depth: format === "png" ? picture.depth : 8,
    keepsProfile: picture.profile !== undefined,
  };
}

async function assemble(
  { source, before, edited, plain }: { source: Uint8Array; before: Picture; edited: Buffer; plain: boolean },
  { signal, profile }: FinishOptions,
): Promise<DeepPicture> {
  const after = await decodeImage(edited, { signal, maxPixels: before.width * before.height });
  if (plain) return asDeepPicture(after);
  return mergeEdit(await decodeDeep(source, { profile, signal }), before, after, signal);
}
