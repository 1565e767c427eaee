/** 8-bit interleaved pixels, row-major, RGB or RGBA (not premultiplied). */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}
