// Runs an example and watches its memory; prints what it saw, after each hundredth of the optimizer's steps, as its last line.
//
//   node --expose-gc build/test/examples/watch.js NAME STEPS [the example's own options]
import { pathToFileURL } from "node:url";
import { memoryStats, optim } from "flambeau";

/** Megabytes after some steps: of the process, of JavaScript, of tensors; and how many storages those have. */
export interface Sample {
  readonly step: number;
  readonly rss: number;
  readonly heap: number;
  readonly tensors: number;
  readonly storages: number;
}

const SAMPLES = 100;
const MB = 2 ** 20;

async function watch(name: string, steps: number, options: readonly string[]): Promise<void> {
  const samples: Sample[] = [];
  let step = 0;
  const { prototype } = optim.Optimizer;
  const plain = prototype.step;
  prototype.step = function (this: optim.Optimizer, ...args: Parameters<typeof plain>) {
    const result = plain.apply(this, args);
    if (++step % Math.max(1, Math.floor(steps / SAMPLES)) === 0) {
      const { allocated, storages } = memoryStats();
      const { rss } = process.memoryUsage();
      gc!(); // of JavaScript's memory only what is reached counts
      const { heapUsed } = process.memoryUsage();
      samples.push({ step, rss: rss / MB, heap: heapUsed / MB, tensors: allocated / MB, storages });
    }
    return result;
  } as typeof plain;
  process.on("exit", () => console.log(`\n${JSON.stringify(samples)}`));
  const script = new URL(`../../examples/${name}.js`, import.meta.url);
  process.argv.splice(1, process.argv.length, script.pathname, ...options);
  await import(script.href);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , name, steps, ...options] = process.argv;
  await watch(name!, Number(steps), options);
}
