import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parser } from "@prometheus-io/lezer-promql";
import { parse as parseYaml } from "yaml";

export const chart = fileURLToPath(new URL("../../deploy/helm/moodifier/", import.meta.url));

/** A rule of a rule file. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A query and where it stands. */
export interface Query {
  readonly place: string;
  readonly expr: string;
}

/** Every rule of the chart. */
export function readRules(): Rule[] {
  const folder = path.join(chart, "rules");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap(
      (file) => (parseYaml(readFileSync(path.join(folder, file), "utf8")) as { groups: { rules: Rule[] }[] }).groups,
    )
    .flatMap(({ rules }) => rules);
}

interface Dashboard {
  readonly panels: { readonly title: string; readonly targets?: { readonly expr: string }[] }[];
}

/** Every query of the chart's dashboards; Grafana's variables are replaced by a duration. */
export function readPanels(): Query[] {
  const folder = path.join(chart, "dashboards");
  return readdirSync(folder).flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Dashboard;
    return panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({
        place: `${file}: ${title}`,
        expr: expr.replaceAll(/\$__(rate_interval|interval|range)/g, "5m"),
      })),
    );
  });
}

/** A series that a query selects. */
export interface Selector {
  readonly name: string;
  /** Labels in its matchers. */
  readonly labels: readonly string[];
}

/** What a query reads, and the labels that its aggregations and matchings name. Throws on a syntax error. */
export function readQuery(expr: string): { readonly selectors: Selector[]; readonly grouping: string[] } {
  const selectors: { name: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  parser.parse(expr).iterate({
    enter: (node) => {
      const text = expr.slice(node.from, node.to);
      if (node.type.isError) throw new SyntaxError(`${expr}: syntax error at ${node.from} ("${text}")`);
      if (node.name === "VectorSelector") selectors.push({ name: "", labels: [] });
      const within = node.node.parent?.name;
      if (node.name === "Identifier" && within === "VectorSelector") selectors.at(-1)!.name = text;
      if (node.name === "LabelName" && within === "UnquotedLabelMatcher") selectors.at(-1)!.labels.push(text);
      if (node.name === "LabelName" && within === "GroupingLabels") grouping.push(text);
    },
  });
  return { selectors, grouping };
}
