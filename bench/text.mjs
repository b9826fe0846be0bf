// Numbers and tables as text.

const KIBIBYTE = 1024;
const MEBIBYTE = KIBIBYTE * KIBIBYTE;

export function nameOfSize(size) {
  if (size % MEBIBYTE === 0) return `${size / MEBIBYTE} MiB`;
  return size % KIBIBYTE === 0 ? `${size / KIBIBYTE} KiB` : `${size} B`;
}

export function nanoseconds(value) {
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
