// What Node, Bun and Deno load: the library joined into one file (tools/join.mjs). The other tests see its modules.
import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "./child.ts";

/** Every name with what it is; of a class also its own name, which people see. */
function listed(module: object): string[] {
  const isClass = (x: unknown): boolean => typeof x === "function" && /^class\b/.test(String(x));
  return Object.entries(module)
    .map(([name, x]) => `${name} ${isClass(x) ? `class ${(x as () => void).name}` : typeof x}`)
    .sort();
}

/** Runs a program that sees the package as users do. */
async function answer(source: string): Promise<unknown> {
  const { code, output } = await run(source, { bare: true, env: { NODE_OPTIONS: "" } });
  assert.is(code, 0, output);
  return JSON.parse(output);
}

test("the joined library has the names of the modules", async () => {
  const names = await answer(`
    import * as fl from "flambeau";
    ${listed};
    console.log(JSON.stringify([fl, fl.nn, fl.optim, fl.utils.data].map(listed)));`);
  assert.equal(names, [fl, fl.nn, fl.optim, fl.utils.data].map(listed));
});

test("its parts are parts of one library", async () => {
  const same = await answer(`
    import * as fl from "flambeau";
    import * as data from "flambeau/data";
    import * as io from "flambeau/io";
    import * as nn from "flambeau/nn";
    import * as functional from "flambeau/nn/functional";
    import * as init from "flambeau/nn/init";
    import * as ops from "flambeau/ops";
    import * as optim from "flambeau/optim";
    import * as lrScheduler from "flambeau/optim/lrScheduler";
    console.log(JSON.stringify([
      data.DataLoader === fl.utils.data.DataLoader, io.safetensors === fl.safetensors, nn.Linear === fl.nn.Linear,
      functional.relu === fl.nn.functional.relu, init.uniform_ === fl.nn.init.uniform_, ops.add === fl.add,
      optim.Adam === fl.optim.Adam, lrScheduler.StepLR === fl.optim.lrScheduler.StepLR,
    ]));`);
  assert.equal(same, new Array(8).fill(true));
});

test("a DataLoader's workers run it, and so does the dataset's module in them", async () => {
  const dataset = JSON.stringify(new URL("../data/datasets.js", import.meta.url).href);
  const batches = await answer(`
    import { tensor, utils } from "flambeau";
    const squares = await utils.data.fromModule(new URL(${dataset}), "Squares", [4, tensor([0.5])]);
    const batches = [];
    for await (const [x, worker] of new utils.data.DataLoader(squares, { batchSize: 2, numWorkers: 2 })) {
      batches.push([x.tolist(), worker.tolist()]);
    }
    console.log(JSON.stringify(batches));`);
  assert.equal(batches, [
    [
      [[0.5], [1.5]],
      [0, 0],
    ],
    [
      [[4.5], [9.5]],
      [1, 1],
    ],
  ]);
});

test.run();
