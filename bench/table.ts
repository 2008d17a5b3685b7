// From medians to the printed table.
import type { Row } from "./rows.ts";

/** What one library needed for one row: a median a round, in microseconds; none if it does not have the row. */
export interface Result {
  readonly row: string;
  readonly library: string;
  readonly threads: number;
  readonly medians: readonly number[];
  readonly probe: readonly number[] | null;
  readonly error: string | null;
}

/** Two results whose numbers differ by more than this, relative to the largest of the three, did not compute the same. */
const AGREES = 2e-3;

/** A table for each number of threads: ours and its rate, then each peer's time and ours ÷ theirs. */
export function table(rows: readonly Row[], results: readonly Result[]): string {
  const threads = [...new Set(results.map((r) => r.threads))];
  const libraries = [...new Set(results.map((r) => r.library))].filter((name) => name !== "ours");
  const find = (row: string, library: string, n: number) =>
    results.find((r) => r.row === row && r.library === library && r.threads === n);
  const notes = new Set<string>();
  const tables = threads.map((n) => {
    const peers = libraries.filter((library) => results.some((r) => r.library === library && r.threads === n));
    const scaled = n > 1 && threads.includes(1);
    const head = [`${n} thread${n > 1 ? "s" : ""}`, "ours", "rate", ...(scaled ? [`1 → ${n}`] : []), ...peers];
    const lines = rows.map((row) => {
      const ours = find(row.name, "ours", n);
      const one = find(row.name, "ours", 1);
      const cells = peers.map((peer) => {
        const theirs = find(row.name, peer, n);
        for (const r of [ours, theirs]) {
          if (r?.error != null) notes.add(`${r.library} failed on ${r.row}: ${r.error.split("\n")[0]}`);
        }
        if (theirs === undefined || theirs.medians.length === 0) return "–";
        const ratio = ratioOf(ours, theirs);
        const same = ours?.probe == null || theirs.probe === null || agree(ours.probe, theirs.probe);
        if (!same) notes.add(`${peer} computed something else on ${row.name}: ${theirs.probe} against ${ours.probe}`);
        return `${duration(median(theirs.medians))} ${ratio === null ? "     " : ratio.toFixed(2).padStart(5)}${same ? "" : "≠"}`;
      });
      const time = ours === undefined || ours.medians.length === 0 ? null : median(ours.medians);
      const gain = ratioOf(one, ours);
      return [
        row.name,
        time === null ? "–" : duration(time),
        time === null ? "" : rate(row, time),
        ...(scaled ? [gain === null ? "" : `${gain.toFixed(2)}×`] : []),
        ...cells,
      ];
    });
    return align([head, ...lines]);
  });
  return [...tables, [...notes].map((n) => `! ${n}\n`).join("")].filter((t) => t !== "").join("\n");
}

/** Median over the rounds of a ÷ b: both of a round were taken one after the other. */
function ratioOf(a: Result | undefined, b: Result | undefined): number | null {
  const n = Math.min(a?.medians.length ?? 0, b?.medians.length ?? 0);
  return n === 0 ? null : median(Array.from({ length: n }, (_, i) => a!.medians[i]! / b!.medians[i]!));
}

function agree(a: readonly number[], b: readonly number[]): boolean {
  const size = Math.max(...a.map(Math.abs));
  return a.every((x, i) => Math.abs(x - b[i]!) <= AGREES * size);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Microseconds with three digits and a unit. */
export function duration(us: number): string {
  const [value, unit] =
    us < 1 ? [us * 1e3, "ns"] : us < 1e3 ? [us, "µs"] : us < 1e6 ? [us / 1e3, "ms"] : [us / 1e6, "s "];
  return `${value.toPrecision(Math.max(3, Math.trunc(value).toString().length))} ${unit}`;
}

function rate({ flops, bytes }: Row, us: number): string {
  if (flops !== undefined) return `${(flops / us / 1e3).toFixed(1)} GFLOP/s`;
  return bytes === undefined ? "" : `${(bytes / us / 1e3).toFixed(1)} GB/s`;
}

/** The first column to the left, the others to the right. */
function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** A line that the next one overwrites, where there is a terminal to see it. */
export function note(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
