import { Resvg } from "@resvg/resvg-js";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** A bar chart. */
export interface PlotSpec {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Bars in their order; those of one label are stacked by series. */
  readonly bars: readonly { readonly label: string; readonly series?: string; readonly value: number }[];
}

/** Pixels of the picture for one of the drawing. */
const PNG_SCALE = 2;

/** Draws a chart with Vega. The PNG has text only where the machine has fonts; the SVG always does. */
export async function drawPlot({
  title,
  x,
  y,
  bars,
}: PlotSpec): Promise<{ readonly svg: string; readonly png: Uint8Array }> {
  const stacked = bars.some(({ series }) => series !== undefined);
  const spec: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    title,
    width: Math.max(240, new Set(bars.map(({ label }) => label)).size * 24),
    height: 240,
    data: { values: bars.map((bar) => ({ ...bar })) },
    mark: "bar",
    encoding: {
      x: { field: "label", type: "nominal", title: x, sort: null },
      y: { field: "value", type: "quantitative", title: y, aggregate: "sum" },
      ...(stacked && { color: { field: "series", type: "nominal" as const, title: null } }),
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    const svg = await view.toSVG();
    const png = new Resvg(svg, { fitTo: { mode: "zoom", value: PNG_SCALE } }).render().asPng();
    return { svg, png };
  } finally {
    view.finalize();
  }
}
