// From medians to lines, and from lines to the printed table.
import { type Ceilings, limitOf } from "./ceilings.ts";
import type { Gain } from "./contestant.ts";
import type { Row } from "./rows.ts";

/** What one library needed for one row: a median a round, in microseconds; none if it does not have the row. */
export interface Result {
  readonly row: string;
  readonly library: string;
  readonly threads: number;
  readonly medians: readonly number[];
  /** What its threads gain beside one: asked of ours. */
  readonly gain: Gain | null;
  readonly probe: readonly number[] | null;
  readonly error: string | null;
}

/** A row as it is shown: for one number of threads. */
export interface Line {
  readonly row: Row;
  /** Our median in microseconds; null if ours failed. */
  readonly ours: number | null;
  /** The share of the machine's limit that ours reaches, where the row has one and one thread runs. */
  readonly fraction: number | null;
  readonly gain: Gain | null;
  readonly peers: readonly Peer[];
}

export interface Peer {
  readonly library: string;
  readonly time: number | null;
  /** Ours ÷ theirs: below 1, ours is faster. */
  readonly ratio: number | null;
  /** False where its numbers are not ours: then it is no comparison. */
  readonly same: boolean;
}

export interface Section {
  readonly threads: number;
  readonly libraries: readonly string[];
  readonly lines: readonly Line[];
}

/** Two results whose numbers differ by more than this, relative to the largest of the three, did not compute the same. */
const AGREES = 2e-3;

/** A section for each number of threads, and what is to be said of failures. */
export function sections(
  rows: readonly Row[],
  results: readonly Result[],
  ceilings: Ceilings | null = null,
): { sections: Section[]; notes: string[] } {
  const notes = new Set<string>();
  const libraries = [...new Set(results.map((r) => r.library))].filter((name) => name !== "ours");
  const find = (row: string, library: string, n: number): Result | undefined =>
    results.find((r) => r.row === row && r.library === library && r.threads === n);
  const made = [...new Set(results.map((r) => r.threads))].map((threads): Section => {
    const has = (library: string, n: number): boolean => results.some((r) => r.library === library && r.threads === n);
    // One that has no threads stands beside more of ours with its one.
    const own = (library: string): number => (has(library, threads) ? threads : 1);
    const present = libraries.filter((library) => has(library, own(library)));
    const lines = rows.map((row): Line => {
      const ours = find(row.name, "ours", threads);
      const time = timeOf(ours);
      const limit = ceilings === null || threads > 1 ? null : limitOf(row, ceilings);
      return {
        row,
        ours: time,
        fraction: limit === null || time === null ? null : limit / time,
        gain: ours?.gain ?? null,
        peers: present.map((library): Peer => {
          const theirs = find(row.name, library, own(library));
          for (const r of [ours, theirs]) {
            if (r?.error != null) notes.add(`${r.library} failed on ${r.row}: ${r.error.split("\n")[0]}`);
          }
          const same = ours?.probe == null || theirs?.probe == null || agree(ours.probe, theirs.probe);
          if (!same)
            notes.add(`${library} computed something else on ${row.name}: ${theirs.probe} against ${ours.probe}`);
          return { library, time: timeOf(theirs), ratio: ratioOf(ours, theirs), same };
        }),
      };
    });
    return { threads, libraries: present, lines };
  });
  return { sections: made, notes: [...notes] };
}

/** The geometric mean of ours ÷ theirs over the rows that both have and that PyTorch is aimed at in. */
export function overall({ lines }: Section, library: string): number | null {
  const ratios = lines
    .filter(({ row }) => row.goal !== undefined)
    .map(({ peers }) => peers.find((p) => p.library === library))
    .flatMap((p) => (p?.ratio == null || !p.same ? [] : [p.ratio]));
  return geometric(ratios);
}

function geometric(ratios: readonly number[]): number | null {
  return ratios.length === 0 ? null : Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
}

/** The peers that a JavaScript program has wherever it runs: no native code. */
const SCRIPTED = ["onnx-web", "tfjs", "jax"];
/** Beside the fastest of them ours shall need no more than this. */
const SHARE = 0.5;
/** What more threads shall gain on a row that takes longer than this many microseconds. */
const [GAIN, LONG] = [1.7, 1000];
/** Below which share of its speed on one thread a shorter row counts as slower: the measuring is no finer. */
const SLOWER = 0.95;
/** Where the machine itself gives less: this share of what a product gains in the same moments. */
const OF_PRODUCT = 0.9;

/** What falls short, row by row, and how ours stands beside the fastest library that is no native one. */
export function remarks({ lines }: Section): string[] {
  const listed = (title: string, short: readonly string[]): string =>
    `${title}: ${short.length === 0 ? "none" : short.join(", ")}`;
  const counted = (peer: Peer | undefined): peer is Peer & { ratio: number } => peer?.ratio != null && peer.same;
  const above = lines.flatMap(({ row, peers }) => {
    const native = peers.find(({ library }) => library === "pytorch");
    return row.goal !== undefined && counted(native) && native.ratio > row.goal
      ? [`${row.name} ${native.ratio.toFixed(2)} [${row.goal.toFixed(1)}]`]
      : [];
  });
  const slow = lines.flatMap(({ row, ours, gain }) =>
    ours !== null && gain !== null && ours * gain.row > LONG && gain.row < Math.min(GAIN, OF_PRODUCT * gain.product)
      ? [`${row.name} ${gain.row.toFixed(2)}× (${gain.product.toFixed(2)}×)`]
      : [],
  );
  const slower = lines.flatMap(({ row, ours, gain }) =>
    ours !== null && gain !== null && ours * gain.row <= LONG && gain.row < SLOWER
      ? [`${row.name} ${gain.row.toFixed(2)}×`]
      : [],
  );
  const products = lines.flatMap(({ gain }) => (gain === null ? [] : [gain.product]));
  const best = lines.flatMap(({ row, peers }) => {
    const [first] = peers
      .filter((peer) => SCRIPTED.includes(peer.library))
      .filter(counted)
      .sort((a, b) => b.ratio - a.ratio);
    return first === undefined ? [] : [{ name: row.name, library: first.library, ratio: first.ratio }];
  });
  const shown = best.filter(({ ratio }) => ratio > SHARE);
  const beside = shown.map(({ name, library, ratio }) => `${name} ${ratio.toFixed(2)} (${library})`);
  const title = `beside the fastest of ${SCRIPTED.join(", ")} on each row: ${geometric(best.map((b) => b.ratio))?.toFixed(2)} as a geometric mean of ${best.length} rows; above ${SHARE}`;
  return [
    ...(lines.some(({ peers }) => peers.some(({ library }) => library === "pytorch"))
      ? [listed("above the goal beside PyTorch", above)]
      : []),
    ...(products.length > 0
      ? [
          `a product of 256 gained ${Math.min(...products).toFixed(2)}× to ${Math.max(...products).toFixed(2)}×, ${median(products).toFixed(2)}× in the middle`,
          listed(
            `rows beyond ${LONG / 1000} ms that gain less than ${GAIN}× and less than ${OF_PRODUCT} of what a product gained beside them`,
            slow,
          ),
          listed("shorter rows that are slower on more threads", slower),
        ]
      : []),
    ...(best.length > 0 ? [listed(title, beside)] : []),
  ];
}

/** The sections as text for a terminal, and the notes below them. */
export function table({ sections, notes }: { sections: readonly Section[]; notes: readonly string[] }): string {
  const tables = sections.map(
    (section) =>
      align([head(section), ...section.lines.map((line) => cells(section, line)), foot(section)]) +
      remarks(section)
        .map((remark) => `\n${remark}\n`)
        .join(""),
  );
  return [...tables, notes.map((n) => `! ${n}\n`).join("")].filter((t) => t !== "").join("\n");
}

export function head({ threads, libraries }: Section): string[] {
  const gain = threads > 1 ? [`1 → ${threads}`] : [];
  return [`${threads} thread${threads > 1 ? "s" : ""}`, "ours", "rate", "of limit", ...gain, "goal", ...libraries];
}

export function cells({ threads }: Section, { row, ours, fraction, gain, peers }: Line): string[] {
  const peer = ({ time, ratio, same }: Peer): string =>
    time === null ? "–" : `${duration(time)} ${ratio === null ? "" : ratio.toFixed(2).padStart(5)}${same ? "" : "≠"}`;
  return [
    row.name,
    ours === null ? "–" : duration(ours),
    ours === null ? "" : rate(row, ours),
    fraction === null ? "" : `${(fraction * 100).toFixed(0)} %`,
    ...(threads === 1 ? [] : [gain === null ? "" : `${gain.row.toFixed(2)}× of ${gain.product.toFixed(2)}×`]),
    row.goal === undefined ? "" : row.goal.toFixed(1),
    ...peers.map(peer),
  ];
}

export function foot(section: Section): string[] {
  const means = section.libraries.map((library) => overall(section, library)?.toFixed(2) ?? "–");
  return ["geometric mean", "", "", "", ...(section.threads > 1 ? [""] : []), "", ...means];
}

/** Median over the rounds of a ÷ b: both of a round were taken one after the other. */
export function ratioOf(a: Result | undefined, b: Result | undefined): number | null {
  const n = Math.min(a?.medians.length ?? 0, b?.medians.length ?? 0);
  return n === 0 ? null : median(Array.from({ length: n }, (_, i) => a!.medians[i]! / b!.medians[i]!));
}

export function timeOf(result: Result | undefined): number | null {
  return result === undefined || result.medians.length === 0 ? null : median(result.medians);
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
export function align(lines: readonly (readonly string[])[]): string {
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
