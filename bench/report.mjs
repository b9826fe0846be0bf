// Prints the medians of a group as a table: our own columns in nanoseconds, the others as how many times faster we are.

const SIZE_NAMES = { 1024: "1 KiB", 16_384: "16 KiB", 65_536: "64 KiB", 1_048_576: "1 MiB" };

export function nameOfSize(size) {
  return SIZE_NAMES[size] ?? (size % 1_048_576 === 0 ? `${size / 1_048_576} MiB` : `${size} B`);
}

/** `name`: what the row is called; a column that the group does not measure is left out. */
export function groupTable(group, medians) {
  const header = [group.title, ...group.columns.map(({ id, own }) => (own ? `${id}, ns` : id))];
  const rows = group.cases.map((testCase) => {
    const cells = medians[testCase.id];
    const ours = cells[ourColumn(testCase)].cpu;
    const values = group.columns.map(({ id, own }) =>
      own ? nanoseconds(cells[id].cpu) : `${(cells[id].cpu / ours).toFixed(2)} ×`,
    );
    return [`${testCase.kind} ${nameOfSize(testCase.size)}`, ...values];
  });
  return table([header, ...rows]);
}

/**
 * The column that stands for us: `send`, but `sendParts` where a server sends octets, which ws, too, does not copy.
 */
export function ourColumn({ direction, role, kind, deflate }) {
  const vectored = direction === "serialise" && role === "server" && kind === "binary" && !deflate;
  return vectored ? "sendParts" : "wsproto";
}

/** The cost of one unit (an octet, a message) as its number grows, and how far it strays from the middle. */
export function linearTable(group, medians) {
  const header = [group.title, ...group.columns.map(({ id }) => `${id}, ns`)];
  const rows = group.cases.map((testCase) => [
    group.per === "octet" ? nameOfSize(testCase.size) : String(testCase.perChunk),
    ...unitCosts(group, medians, testCase).map((cost) => cost.toPrecision(3)),
  ]);
  const spreads = spreadOf(group, medians).map((spread) => `± ${Math.round(spread * 100)} %`);
  return table([header, ...rows, ["strays by", ...spreads]]);
}

function unitCosts(group, medians, testCase) {
  const units = group.per === "octet" ? testCase.size : 1;
  return group.columns.map(({ id }) => medians[testCase.id][id].cpu / units);
}

/** For each column half the distance of its extremes, by their middle. */
export function spreadOf(group, medians) {
  const costs = group.cases.map((testCase) => unitCosts(group, medians, testCase));
  return group.columns.map((_, i) => {
    const column = costs.map((row) => row[i]);
    const low = Math.min(...column);
    const high = Math.max(...column);
    return (high - low) / (high + low);
  });
}

function nanoseconds(value) {
  return value < 1e4
    ? value.toFixed(0)
    : value < 1e6
      ? `${(value / 1e3).toFixed(1)}k`
      : `${(value / 1e6).toFixed(2)}M`;
}

/** Rows of text in columns; the first row is the head, the first column stands left. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
  const rule = "-".repeat(lines[0].length);
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
