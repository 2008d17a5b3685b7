// One library in a process of its own: `node child.js FILE THREADS`. It is asked over standard input, a line of JSON
// each, and answers so (peers/pytorch.py speaks the same):
//
//   → {"row": "matmul_64", "ms": 200}
//   ← {"samples": [microseconds …], "probe": [root mean square, first, last]} or {"absent": true} or {"error": "…"}
//   → {"row": "train_mlp", "peak": true}
//   ← {"bytes": the most bytes of tensors during one run, or null}
//
// The first line out is {"name": …} or {"error": …}.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { type Library, noise, type Setting, type Timed } from "./rows.ts";

// A sample is at least this long, so that the clock's own grain and cost vanish in it.
const SAMPLE_MS = 0.5;
const WARM_UP_MS = 150;

const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const [file, threads] = process.argv.slice(2);

try {
  const { default: open } = (await import(pathToFileURL(file!).href)) as {
    default: (setting: Setting) => Promise<Library>;
  };
  await serve(await open({ threads: Number(threads), noise }));
} catch (error) {
  answer({ error: String(error) });
}
process.exit(0);

async function serve(library: Library): Promise<void> {
  answer({ name: library.name });
  let current = { name: "", timed: null as Timed | null, probe: [] as number[] };
  for await (const line of createInterface({ input: process.stdin })) {
    const { row, ms, peak } = JSON.parse(line) as { row: string; ms: number; peak?: true };
    try {
      const setUp = library.rows[row];
      if (setUp === undefined) {
        answer({ absent: true });
        continue;
      }
      if (peak === true) {
        answer({ bytes: await peakOf(library, await setUp()) });
        continue;
      }
      if (current.name !== row) {
        current.timed?.done?.();
        current = { name: "", timed: null, probe: [] };
        const timed = await setUp();
        const probe = summary(await timed.probe());
        await sample(timed, WARM_UP_MS);
        current = { name: row, timed, probe };
      }
      answer({ samples: await sample(current.timed!, ms), probe: current.probe });
    } catch (error) {
      current = { name: "", timed: null, probe: [] };
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}

async function peakOf(library: Library, { run }: Timed): Promise<number | null> {
  if (library.peak === undefined) return null;
  for (let i = 0; i < 3; i++) {
    run();
    await new Promise((resolve) => setTimeout(resolve)); // finalizers run between macrotasks
  }
  return library.peak(run);
}

/** Microseconds for one piece of work, as often as `ms` allows and at least three times. */
async function sample({ run, times = 1 }: Timed, ms: number): Promise<number[]> {
  const first = run();
  const waits = first instanceof Promise;
  if (waits) await first;
  let inner = 1;
  const samples: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end || samples.length < 3) {
    const started = performance.now();
    if (waits) for (let i = 0; i < inner; i++) await run();
    else for (let i = 0; i < inner; i++) run();
    const took = performance.now() - started;
    if (took < SAMPLE_MS) inner = Math.ceil((inner * SAMPLE_MS * 1.2) / Math.max(took, SAMPLE_MS / 100));
    else samples.push((took * 1000) / (inner * times));
  }
  return samples;
}

/** Three numbers that two right results share and a wrong one hardly has. */
function summary(values: ArrayLike<number>): number[] {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! ** 2;
  return [Math.sqrt(squares / values.length), values[0]!, values[values.length - 1]!];
}
