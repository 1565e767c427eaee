/** A picture for a contact sheet: base64 of rgb bytes, size x size. */
export interface Tile {
  readonly rgb: string;
  readonly size: number;
  readonly label: string;
}

/** Lays tiles out in columns, each over its label, and encodes the whole as a data URL. */
export function layOut(tiles: readonly Tile[], options: { columns: number; type: string; quality: number }): string {
  const { columns, type, quality } = options;
  const size = tiles[0]?.size ?? 1;
  const [gap, caption] = [4, 18];
  const canvas = document.createElement("canvas");
  canvas.width = columns * (size + gap) + gap;
  canvas.height = Math.ceil(tiles.length / columns) * (size + caption + gap) + gap;
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#222222";
  pen.font = "12px sans-serif";
  tiles.forEach(({ rgb, label }, i) => {
    const x = gap + (i % columns) * (size + gap);
    const y = gap + Math.floor(i / columns) * (size + caption + gap);
    const bytes = atob(rgb);
    const image = pen.createImageData(size, size);
    for (let p = 0, q = 0; q < image.data.length; p += 3, q += 4) {
      for (let c = 0; c < 3; c++) image.data[q + c] = bytes.charCodeAt(p + c);
      image.data[q + 3] = 255;
    }
    pen.putImageData(image, x, y);
    pen.fillText(label, x + 2, y + size + 13);
  });
  return canvas.toDataURL(type, quality);
}
