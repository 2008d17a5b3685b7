// What Node, Bun and Deno load: the library joined into a core and late parts (tools/join.mjs). The other tests see its modules.
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

/** The root and its modules. */
const spaces = ({
  nn,
  optim,
  utils,
  linalg,
  special,
  masked,
  autograd,
  distributions,
  ...root
}: typeof fl): object[] => [
  ...[root, nn, nn.functional, nn.init, nn.utils, optim, utils.data, linalg, special, masked, autograd, distributions],
];

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
    const spaces = ${spaces};
    console.log(JSON.stringify(spaces(fl).map(listed)));`);
  assert.equal(names, spaces(fl).map(listed));
});

test("a tensor has the methods of the modules", async () => {
  const names = await answer(`
    import { Tensor } from "flambeau";
    console.log(JSON.stringify(Object.getOwnPropertyNames(Tensor.prototype).sort()));`);
  assert.equal(names, Object.getOwnPropertyNames(fl.Tensor.prototype).sort());
});

test("what is late comes when it is asked for: by function, method and module, and is not read before", async () => {
  const seen = await answer(`
    import { createRequire } from "node:module";
    import * as fl from "flambeau";
    const read = () => Object.keys(createRequire(import.meta.url).cache).length;
    const x = fl.tensor([[2.0, 1.5], [1, 3]]);
    const seen = [x.matmul(x).sum().item(), read()];
    seen.push(fl.einsum("ii", x).item(), fl.einsum.name, read() > 0);
    seen.push(Number(x.det().item().toFixed(4)), fl.linalg.det === fl.linalg.det, x.det.name);
    seen.push(fl.nn.functional.maxPool2d(x.view(1, 1, 2, 2), 2).item(), x.numel());
    seen.push(new fl.nn.Linear(2, 1) instanceof fl.nn.Module, fl.deepcopy({ x }).x.tolist()[1]);
    console.log(JSON.stringify(seen));`);
  assert.equal(seen, [28.5, 0, 5, "einsum", true, 4.5, true, "", 3, 4, true, [1, 3]]);
});

/** Of every module but the root, the functions that are the root's too. */
function shared([root, ...others]: readonly object[]): string[] {
  const ofRoot = new Map(Object.entries(root!).filter(([, f]) => typeof f === "function"));
  return others.flatMap((space, i) =>
    Object.entries(space)
      .filter(([name, f]) => f !== undefined && f === ofRoot.get(name))
      .map(([name]) => `${i}: ${name}`),
  );
}

test("what is one function at the root and in a module is one here, whichever is seen first", async () => {
  const expected = shared(spaces(fl));
  assert.ok(expected.some((name) => name.endsWith(": conv2d")) && expected.some((name) => name.endsWith(": digamma")));
  const root = `import * as fl from "flambeau";`;
  const part = `import { conv2d } from "flambeau/nn/functional";`;
  for (const imports of [
    [root, part],
    [part, root],
  ]) {
    const [names, ...same] = (await answer(`
      ${imports.join("\n")}
      ${shared};
      const spaces = ${spaces};
      const seen = fl.conv2d;
      const x = fl.ones(1, 1, 2, 2);
      const values = [seen(x, x).item(), new fl.nn.MaxPool2d(2)(x).item(), x.det === undefined];
      console.log(JSON.stringify([shared(spaces(fl)), seen === fl.conv2d, seen === conv2d, seen.opName, values]));`)) as [
      string[],
      ...unknown[],
    ];
    assert.equal(names, expected);
    assert.equal(same, [true, true, "conv2d", [4, 1, false]]);
  }
});

test("it says which file is missing, and why it may be", async () => {
  const { code, output } = await run(
    `
    import * as fl from "flambeau";
    import Module from "node:module";
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => resolve(name.replace("/joined/", "/elsewhere/"), ...rest);
    fl.nn.Linear;`,
    { bare: true, env: { NODE_OPTIONS: "" } },
  );
  assert.is.not(code, 0);
  assert.match(
    output,
    /cannot read nn\.cjs beside .*joined\.js: a bundler that has taken in the library leaves it behind/,
  );
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
