/** A Markdown table; numbers are set to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => (typeof value === "number" ? formatNumber(value) : escape(value));
  const rule = head.map((_, column) => (typeof rows[0]?.[column] === "number" ? "--:" : "---"));
  const lines = [head, rule, ...rows.map((row) => row.map(cell))];
  return `${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}\n`;
}

/** A whole number with thousands separated, or another one as it is. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : String(value);
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
