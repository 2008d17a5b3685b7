// The measuring: for each row a few rounds, and in each round every library in turn while the others wait, so that a slow
// minute of the machine slows all alike.
import type { Contestant, Reply } from "./contestant.ts";
import type { Row } from "./rows.ts";
import { median, note, type Result } from "./table.ts";

export async function measure(
  contestants: readonly Contestant[],
  rows: readonly Row[],
  { rounds, ms }: { rounds: number; ms: number },
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [i, row] of rows.entries()) {
    const asked = new Map(contestants.map((c) => [c, [] as Reply[]]));
    for (let round = 0; round < rounds; round++) {
      note(`${i + 1}/${rows.length} ${row.name}, round ${round + 1}`);
      for (const [contestant, replies] of asked) {
        // What is absent or failed once is not asked again.
        if (replies.length !== round) continue;
        const reply = await contestant.ask(row.name, ms);
        if (reply.kind === "samples" || round === 0) replies.push(reply);
      }
    }
    for (const [contestant, replies] of asked) {
      const timed = replies.filter((r) => r.kind === "samples");
      const failure = replies.find((r) => r.kind === "error");
      const isAsked = contestant.file === "ours" && contestant.threads > 1 && timed.length > 0;
      results.push({
        row: row.name,
        library: contestant.file,
        threads: contestant.threads,
        medians: timed.map((r) => median(r.samples)),
        gain: isAsked ? await contestant.gain(row.name, rounds * ms) : null,
        probe: timed[0]?.probe ?? null,
        error: failure?.kind === "error" ? failure.message : null,
      });
    }
  }
  note("");
  return results;
}
