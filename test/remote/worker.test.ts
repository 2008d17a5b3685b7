// flambeau/worker: the library in a worker, and a module of the user's.
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { endWorker, inWorker, type RemoteLibrary, ShapeError, ValueError } from "flambeau/worker";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../process/child.ts";

const worker = suite("worker");
let fl: RemoteLibrary;

/** The error that a promise fails with. */
const failure = async (promise: PromiseLike<unknown>): Promise<Error> =>
  promise.then(
    () => assert.unreachable("it did not fail"),
    (error) => error,
  );

worker.before(async () => {
  fl = await inWorker();
});
worker.after(() => endWorker(fl));

worker("calls give proxies at once; await gives data", async () => {
  const x = fl.tensor([
    [1, 2.5],
    [3, 4],
  ]);
  const y = x.matmul(x.t()).sum(0, { keepdim: true });
  assert.equal(await y.shape, [1, 2]);
  assert.is(await y.dtype, "float32");
  assert.equal(await y.data(), Float32Array.of(7.25 + 13, 13 + 25));
  assert.equal(await y.tolist(), [[20.25, 38]]);
  assert.is(await fl.tensor(3).item(), 3);
  assert.is(await x.grad, null);
  const held = await x; // a tensor is no data: what comes is its proxy, which is not awaited again
  assert.equal(await held.add(1).tolist(), [
    [2, 3.5],
    [4, 5],
  ]);
});

worker("tuples by name and by place", async () => {
  const { values, indices } = fl.tensor([[1, 5, 2]]).max(1);
  assert.equal([await values.tolist(), await indices.tolist()], [[5], [1]]);
  const [biggest] = await fl.tensor([[1, 5, 2]]).topk(1);
  assert.equal(await biggest!.tolist(), [[5]]);
  assert.equal(await fl.cat([values, values]).tolist(), [5, 5]);
});

worker("a net is trained there", async () => {
  fl.manualSeed(0);
  const net = new fl.nn.Sequential(new fl.nn.Linear(4, 8), new fl.nn.Tanh(), new fl.nn.Linear(8, 1));
  const optimizer = new fl.optim.Adam(net.parameters(), { lr: 0.01 });
  optimizer.paramGroups.at(0).lr = 0.05 as never;
  const x = fl.randn(32, 4);
  const y = x.sum(1, { keepdim: true });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const loss = fl.scope(() => {
      const loss = fl.nn.functional.mseLoss(net(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    });
    losses.push(await loss.item());
  }
  assert.ok(losses.at(-1)! < losses[0]! / 5, `${losses[0]} → ${losses.at(-1)}`);
  assert.is(await fl.noGrad(() => net(x)).requiresGrad, false);
  const twin = new fl.nn.Sequential(new fl.nn.Linear(4, 8), new fl.nn.Tanh(), new fl.nn.Linear(8, 1));
  twin.loadStateDict(fl.safetensors.load(await fl.safetensors.save(net.stateDict())));
  assert.is(await fl.equal(net(x), twin(x)), true);
  let count = 0;
  for await (const p of net.parameters()) count += await p.numel();
  assert.is(count, 4 * 8 + 8 + 8 + 1);
});

worker("a scope frees there what was made in it", async () => {
  const make = () => fl.scope(() => fl.ones(1000).add(1).mul(2).slice());
  await make().sum().item(); // the numbers 1 and 2 stay as tensors
  const before = await fl.memoryStats();
  const kept = make();
  assert.is(await kept.sum().item(), 4000);
  // What was kept, and its sum.
  assert.ok((await fl.memoryStats()).storages - before.storages <= 2);
});

worker("an error is that of the call, at the next await, once; what depends on it fails alike", async () => {
  const x = fl.ones(2, 3);
  const bad = x.matmul(x);
  const error = await failure(bad.sum().item());
  assert.instance(error, ShapeError);
  assert.match(error.message, "cannot be multiplied");
  x.matmul(x);
  assert.instance(await failure(x.shape), ShapeError);
  assert.equal(await x.shape, [2, 3]);
  assert.match(
    (await failure((fl as unknown as { nope(): PromiseLike<unknown> }).nope())).message,
    "nope is not a function",
  );
});

worker("what cannot be said synchronously is refused with advice", async () => {
  const x = fl.ones(2);
  assert.throws(() => `${x}`, /read by await/);
  assert.throws(() => [...(x as unknown as Iterable<unknown>)], /read by await/);
  assert.throws(() => fl.noGrad(async () => 1), /cannot span an await/);
});

worker("a module of one's own: functions go over and are called back", async () => {
  const jobs = await inWorker<typeof import("./jobs.ts").jobs>(new Worker(new URL("jobs.js", import.meta.url)));
  const told: number[] = [];
  assert.is(await jobs.sum([1, 2, 3], (soFar) => told.push(soFar)), 6);
  assert.equal(told, [1, 3, 6]);
  const failing = jobs.sum([1], () => {
    throw new RangeError("not now");
  });
  assert.match((await failure(failing)).message, "not now");
  assert.equal(await jobs.pixels(), Uint8Array.of(1, 2, 3));
  assert.equal(await jobs.model().weight.shape, [1, 2]);
  assert.instance(await failure(jobs.late()), ValueError);
  assert.throws(() => jobs.sum(fl.ones(1) as never, () => {}), /another worker/);
  const waiting = failure(jobs.sum([1], () => sleep(10_000, null, { ref: false })));
  await sleep(100);
  endWorker(jobs);
  assert.match((await waiting).message, "ended by endWorker");
  assert.match((await failure(jobs.pixels())).message, "ended by endWorker");
});

worker("a worker that cannot start says why; one that dies fails what waits for it", async () => {
  const broken = new Worker("throw new Error('no such luck')", { eval: true });
  assert.match((await failure(inWorker(broken))).message, "no such luck");
  assert.throws(() => endWorker({}), /what inWorker gave/);
});

worker("it keeps no process alive", async () => {
  const program = `import { inWorker } from "flambeau/worker"; const fl = await inWorker(); await fl.ones(2).data();`;
  const { code, output } = await run(program, { bare: true });
  assert.is(code, 0, output);
});

worker.run();
