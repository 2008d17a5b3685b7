// One library in a process of its own: `node child.js FILE THREADS`. It is asked over standard input, a line of JSON
// each, and answers so (peers/pytorch.py speaks the same):
//
//   → {"row": "matmul_64", "ms": 200}
//   ← {"samples": [microseconds …], "probe": [root mean square, first, last]} or {"absent": true} or {"error": "…"}
//   → {"row": "matmul_512", "ms": 200, "gain": 2}
//   ← {"gain": one thread's time ÷ two threads', "measure": that of the row YARDSTICK, taken in turn with it} or {"absent": true}
//   → {"row": "train_mlp", "peak": true}
//   ← {"bytes": the most bytes of tensors during one run, or null}
//
// The first line out is {"name": …} or {"error": …}.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { type Library, noise, type Setting, type Timed } from "./rows.ts";
import { median } from "./table.ts";

// A sample is at least this long, so that the clock's own grain and cost vanish in it.
const SAMPLE_MS = 0.5;
const WARM_UP_MS = 150;
// The first row of a process warms up for a second: engines compile twice, the second time what runs often.
const FIRST_WARM_UP_MS = 1000;
// What is compared within one process takes turns this long, so that both sides meet the machine in the same mood.
const TURN_MS = 6;
const YARDSTICK = "matmul_256";

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
  let warmUp = FIRST_WARM_UP_MS;
  for await (const line of createInterface({ input: process.stdin })) {
    const { row, ms, peak, gain } = JSON.parse(line) as { row: string; ms: number; peak?: true; gain?: number };
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
        await sample(timed, warmUp);
        warmUp = WARM_UP_MS;
        current = { name: row, timed, probe };
      }
      if (gain === undefined) answer({ samples: await sample(current.timed!, ms), probe: current.probe });
      else answer(await gainOf(library, current.timed!, gain, ms));
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

/** What more threads gain on a row, and on the yardstick in the same moments: a machine's host may take a processor away. */
async function gainOf(library: Library, timed: Timed, threads: number, ms: number): Promise<object> {
  const setUp = library.rows[YARDSTICK];
  if (library.use === undefined || setUp === undefined) return { absent: true };
  const yardstick = await setUp();
  const turn = ({ run }: Timed, n: number): number => {
    library.use!(n);
    run();
    const started = performance.now();
    let runs = 0;
    do {
      run();
      runs++;
    } while (performance.now() - started < TURN_MS);
    return (performance.now() - started) / runs;
  };
  const gain = (of: Timed): number => {
    const one = turn(of, 1);
    return one / turn(of, threads);
  };
  const [gains, measures]: [number[], number[]] = [[], []];
  const end = performance.now() + ms;
  while (performance.now() < end || gains.length < 3) {
    gains.push(gain(timed));
    measures.push(gain(yardstick));
    await new Promise((resolve) => setTimeout(resolve)); // finalizers run between macrotasks
  }
  yardstick.done?.();
  return { gain: median(gains), measure: median(measures) };
}

/** Three numbers that two right results share and a wrong one hardly has. */
function summary(values: ArrayLike<number>): number[] {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! ** 2;
  return [Math.sqrt(squares / values.length), values[0]!, values[values.length - 1]!];
}
