// What is not a time of an operator: how long a process needs to its first result, and the memory of training.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Contestant } from "./contestant.ts";
import { node, start } from "./libraries.ts";
import { median } from "./table.ts";

export interface Figure {
  readonly name: string;
  readonly ours: string;
  readonly goal: string;
}

const COLD_ROUNDS = 15;
const TRAINED = ["train_mlp", "train_lenet", "train_gpt", "train_lstm"];

export async function measureFigures(withPyTorch: boolean): Promise<Figure[]> {
  return [cold(), ...(await memory(withPyTorch))];
}

/** Node starts with and without us in turn; ours is the difference. */
function cold(): Figure {
  const script = fileURLToPath(new URL("cold.js", import.meta.url));
  const time = (...args: string[]): number => {
    const started = performance.now();
    execFileSync(node, args);
    return performance.now() - started;
  };
  const pairs = Array.from({ length: COLD_ROUNDS }, () => [time("-e", "0"), time(script)] as const);
  const bare = median(pairs.map(([without]) => without));
  const ours = median(pairs.map(([without, with_]) => with_ - without));
  return {
    name: "cold start: from Node's own start to the first product",
    ours: `${ours.toFixed(0)} ms beyond ${bare.toFixed(0)} ms`,
    goal: "≤ 60 ms",
  };
}

/** The most bytes of tensors at a time during a step, each library in a process that has done nothing else. */
async function memory(withPyTorch: boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const row of TRAINED) {
    const ours = await peak("ours", row);
    const theirs = withPyTorch ? await peak("pytorch", row) : null;
    if (ours === null) continue;
    const beside = theirs === null ? "" : `, ${(ours / theirs).toFixed(2)} × PyTorch's live tensors`;
    figures.push({
      name: `${row}: peak memory of a step`,
      ours: `${(ours / 1e6).toFixed(1)} MB${beside}`,
      goal: "≤ 1.3 ×",
    });
  }
  return figures;
}

async function peak(file: string, row: string): Promise<number | null> {
  const contestant = await start(file, 1);
  if (!(contestant instanceof Contestant)) return null;
  try {
    return await contestant.peak(row);
  } finally {
    contestant.stop();
  }
}
