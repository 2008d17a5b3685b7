// docs/performance.md: the whole table as the last run gave it.
import type { Figure } from "./figures.ts";
import { cells, foot, head, type Section } from "./table.ts";

/** One run of the benches, ready to be written down. */
export interface Report {
  readonly date: string;
  readonly machine: readonly string[];
  readonly libraries: readonly string[];
  readonly runtime: string;
  readonly sections: readonly Section[];
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
}

export function markdown({ date, machine, libraries, runtime, sections, notes, figures }: Report): string {
  return `# Performance

Written by \`npm run bench\` on ${date}; [bench/README.md](../bench/README.md) says how it measures, [bench/ladder](../bench/ladder)
why the kernels are as they are.

${[...machine, runtime].map((line) => `- ${line}`).join("\n")}
- libraries: ${libraries.join(", ")}

Beside each peer's time stands ours ÷ theirs: below 1, ours is faster. *Goal* is the ratio to native PyTorch that we aim
at, on as many threads. *Of limit* is the share of what one thread of WebAssembly can do here: 128-bit multiply-adds, or
bytes at the speed of the cache or memory that holds them.
${sections.map((section) => `\n## ${section.threads === 1 ? "One thread" : `${section.threads} threads`}\n\n${tables(section)}`).join("")}
${figures.length === 0 ? "" : `## Start and memory\n\n${figures.map(({ name, ours, goal }) => `- ${name}: ${ours} (goal: ${goal})`).join("\n")}\n`}
${notes.map((note) => `- ${note}`).join("\n")}
`.replace(/\n+$/, "\n");
}

/** A table for each group of rows, under the same head. */
function tables(section: Section): string {
  const [, ...columns] = head(section);
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replace(/ +/g, " ")).join(" | ")} |\n`;
  const rule = `|---|${columns.map(() => "---:").join("|")}|\n`;
  const groups = [...new Set(section.lines.map(({ row }) => row.group))].map((group) => {
    const lines = section.lines.filter(({ row }) => row.group === group);
    return line([group, ...columns]) + rule + lines.map((l) => line(cells(section, l))).join("");
  });
  const [mean, ...means] = foot(section);
  return [...groups, line([mean!, ...columns]) + rule + line(["all rows with a goal", ...means])].join("\n");
}
