// docs/performance.md, the whole table as the last run gave it; and what the README shows of it.
import type { Figure } from "./figures.ts";
import { withTable } from "./readme.ts";
import { cells, duration, foot, head, type Line, overall, remarks, type Section } from "./table.ts";

/** The suite, and the tables beside it. */
export type Table = "suite" | "operators" | "models";

/** One run of the benches, ready to be written down. */
export interface Report {
  /** Whose rows it has. */
  readonly table: Table;
  readonly date: string;
  readonly machine: readonly string[];
  readonly libraries: readonly string[];
  readonly runtime: string;
  readonly sections: readonly Section[];
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
}

export function markdown(report: Report): string {
  const { table, date, machine, libraries, runtime, sections, notes, figures } = report;
  const [title, option] = table === "suite" ? ["", ""] : [` of ${table}`, ` -- --table ${table}`];
  return `# Performance${title}

Written by \`npm run bench${option}\` on ${date}; [bench/README.md](../bench/README.md) says how it measures, [bench/ladder](../bench/ladder)
why the kernels are as they are.

${[...machine, runtime].map((line) => `- ${line}`).join("\n")}
- libraries: ${libraries.join(", ")}

Beside each peer's time stands ours ÷ theirs: below 1, ours is faster. *Goal* is the ratio to native PyTorch that we aim
at, on as many threads. *Of limit* is the share of what one thread of WebAssembly can do here: multiply-adds of its vectors, or
bytes at the speed of the cache or memory that holds them. A library that has one thread only stands with it beside more of
ours.
${sections.map((section) => `\n## ${section.threads === 1 ? "One thread" : `${section.threads} threads`}\n\n${tables(section)}`).join("")}
${figures.length === 0 ? "" : `## Start and memory\n\n${figures.map(({ name, ours, goal }) => `- ${name}: ${ours} (goal: ${goal})`).join("\n")}\n`}
${notes.map((note) => `- ${note}`).join("\n")}
`.replace(/\n+$/, "\n");
}

/** The rows that the README shows. */
const SHOWN: Readonly<Record<string, string>> = {
  matmul_512: "matmul 512",
  matmul_1024: "matmul 1024",
  conv_64_64_3x3_56: "conv2d 64→64 3×3 on 56²",
  conv_dw_128_3x3_56: "depthwise conv2d, 128 channels",
  gelu_1e5: "gelu of 100,000",
  softmax_4096_1024: "softmax 4096×1024",
  layer_norm_4096_1024: "layerNorm 4096×1024",
  sort_1e6: "sort of a million",
  sdpa_causal_12x1024x64_fb: "attention 12×1024×64, forward and backward",
  add4: "add of 4 elements",
  add4_fb: "the same, and its backward",
  train_mlp: "training step: MLP, Adam",
  train_lenet: "training step: LeNet, Adam",
  train_gpt: "training step: small GPT, Adam",
  train_lstm: "training step: LSTM, Adam",
};

/** The README with its table of one thread made anew: each peer's time as a multiple of ours. */
export function inReadme(readme: string, { machine, runtime, sections }: Report): string {
  const section = sections.find(({ threads }) => threads === 1);
  if (section === undefined) throw new Error("the README shows one thread: --threads 1");
  const multiple = (ratio: number | null): string => {
    if (ratio === null) return "–";
    return ratio < 0.1 ? (1 / ratio).toFixed(0) : (1 / ratio).toPrecision(2);
  };
  const lines = section.lines.flatMap(({ row, ours, peers }) =>
    SHOWN[row.name] === undefined || ours === null
      ? []
      : [[SHOWN[row.name]!, duration(ours), ...peers.map(({ ratio, same }) => (same ? multiple(ratio) : "–"))]],
  );
  const mean = ["geometric mean of the suite", "", ...section.libraries.map((l) => multiple(overall(section, l)))];
  const table = [
    ["", "ours", ...section.libraries],
    ["---", ...Array(section.libraries.length + 1).fill("---:")],
    ...lines,
    mean,
  ];
  const note = `One thread, float32, ${machine[0]}; ${runtime}. Each peer's time as a multiple of ours: above 1, we are faster.`;
  const text = table.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return withTable(readme, "npm run bench", `${note}\n\n${text}`);
}

/** A table for each group of rows, under the same head; a column that says nothing of any row is left out. */
function tables(section: Section): string {
  const says = head(section).map((_, i) => i === 0 || section.lines.some((l) => cells(section, l)[i] !== ""));
  const [, ...columns] = head(section).filter((_, i) => says[i]);
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replace(/ +/g, " ")).join(" | ")} |\n`;
  const said = (l: Line): string => line(cells(section, l).filter((_, i) => says[i]));
  const rule = `|---|${columns.map(() => "---:").join("|")}|\n`;
  const groups = [...new Set(section.lines.map(({ row }) => row.group))].map((group) => {
    const lines = section.lines.filter(({ row }) => row.group === group);
    return line([group, ...columns]) + rule + lines.map(said).join("");
  });
  const [mean, ...means] = foot(section).filter((_, i) => says[i]);
  const last = line([mean!, ...columns]) + rule + line(["all rows with a goal", ...means]);
  return [
    ...groups,
    last,
    remarks(section)
      .map((remark) => `- ${remark}\n`)
      .join(""),
  ].join("\n");
}
