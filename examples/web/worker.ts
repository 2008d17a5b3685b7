// The page's worker: the library, the network and the data are here, so that the page never waits for them.
//
// It goes on reading the pad while it trains: the training gives way to messages after every step.
import * as fl from "flambeau";
import { lenetFrom, readDigits } from "../support/classifier.ts";
import { LeNet } from "../support/lenet.ts";
import type { News, Order, Sample } from "./messages.ts";

const { DataLoader, MNIST, Subset } = fl.utils.data;
type Digits = InstanceType<typeof MNIST>;

const BATCH = 64;
const LEARNING_RATE = 0.004; // at the top of the one cycle
const SAMPLES = 40;
const LOOK = 10; // steps after which pad and samples are read again
const site = (file: string): URL => new URL(file, import.meta.url);

/** Where the page keeps its model from one visit to the next. */
const KEPT = { cache: "flambeau-kept", file: site("kept/model.safetensors") };

let model: LeNet = fresh();
let accuracy: number | null = null;
let onPad: Float32Array | null = null;
let run: { stopped: boolean } | null = null;
let trainDigits: Promise<Digits> | null = null;

// Before the first word to the page: what it says earlier may be lost, since some browsers wait for no module.
addEventListener("message", ({ data: order }: MessageEvent<Order>) => {
  obey(order).catch((error: unknown) => {
    tell({ is: "failed", what: error instanceof Error ? error.message : String(error) });
  });
});

const testDigits = await digits("test");
const samples: Sample[] = Array.from({ length: SAMPLES }, (_, i) => ({
  pixels: Uint8Array.from(testDigits.data.at(i).dataSync() as Uint8Array),
  label: testDigits.targets.at(i).item() as number,
}));
const origin = await recall();
tell({ is: "ready", about: fl.backends.cpu.describe(), threads: fl.getNumThreads(), samples });
tell({ is: "model", origin, accuracy });
look();

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case "train":
      return train(order.images, order.epochs);
    case "stop":
      if (run !== null) run.stopped = true;
      return;
    case "read":
      onPad = order.digit;
      readPad();
      return;
    case "begin":
      if (order.with === "nothing") return replace(fresh(), "untrained", null);
      return replace(lenetFrom(await (await fetch(site("data/mnist.safetensors"))).arrayBuffer()), order.with);
    case "open":
      return replace(lenetFrom(order.file), order.name);
    case "save":
      tell({ is: "file", bytes: fl.safetensors.save(model.stateDict(), { format: "pt" }) });
      return;
    default:
      order satisfies never;
  }
}

/** Other weights: they are shown, tested and kept. */
async function replace(next: LeNet, origin: string, known?: number | null): Promise<void> {
  model = next;
  accuracy = known ?? null;
  tell({ is: "model", origin, accuracy });
  look();
  if (known === undefined) await test(origin);
  await keep(origin);
}

async function train(images: number, epochs: number): Promise<void> {
  tell({ is: "loading" });
  trainDigits ??= digits("train").catch((error: unknown) => {
    trainDigits = null; // the next training asks again
    throw error;
  });
  const all = await trainDigits;
  const loader = new DataLoader(new Subset(all, [...Array(Math.min(images, all.length)).keys()]), {
    batchSize: BATCH,
    shuffle: true,
  });
  const learner = model;
  const optimizer = new fl.optim.AdamW(learner.parameters(), { lr: LEARNING_RATE });
  const of = epochs * loader.length;
  const scheduler = new fl.optim.lrScheduler.OneCycleLR(optimizer, LEARNING_RATE, { totalSteps: of, pctStart: 0.25 });
  const mine = { stopped: false };
  run = mine;
  let [step, seen, seconds] = [0, 0, 0];
  learner.train();
  for (let epoch = 0; epoch < epochs && !mine.stopped; epoch++) {
    let started = performance.now();
    for await (const [x, labels] of loader) {
      const loss = fl.nn.functional.crossEntropy(learner(x), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      scheduler.step();

      step++;
      seen += labels.shape[0]!;
      seconds += (performance.now() - started) / 1000;
      tell({ is: "step", step, of, loss: loss.item() as number, seen, seconds });
      if (step % LOOK === 0) look();
      await turn();
      if (mine.stopped) break;
      started = performance.now();
    }
    if (!mine.stopped) await test("trained here");
  }
  run = null;
  if (mine.stopped) await test("trained here");
  await keep("trained here");
  tell({ is: "idle" });
}

/** The share of the test digits that the model reads right. */
async function test(origin: string): Promise<void> {
  tell({ is: "testing" });
  const tested = model.eval();
  let right = 0;
  for await (const [x, labels] of new DataLoader(testDigits, { batchSize: 500 })) {
    right += fl.noGrad(() => tested(x).argmax(1).eq(labels).sum().item() as number);
    await turn();
  }
  tested.train();
  if (tested !== model) return; // another one has come meanwhile
  accuracy = right / testDigits.length;
  tell({ is: "model", origin, accuracy });
  look();
}

function look(): void {
  readPad();
  const images = samples.map(({ pixels }) => Float32Array.from(pixels, (v) => v / 255));
  tell({ is: "sampled", digits: readDigits(model, images).map(({ digit }) => digit) });
}

function readPad(): void {
  if (onPad !== null) tell({ is: "reading", probabilities: readDigits(model, [onPad])[0]!.probabilities });
}

async function keep(origin: string): Promise<void> {
  if (!("caches" in globalThis)) return; // a page that came over plain HTTP from another machine
  const headers = { "x-origin": origin, "x-accuracy": String(accuracy ?? "") };
  const kept = new Response(fl.safetensors.save(model.stateDict()), { headers });
  await (await caches.open(KEPT.cache)).put(KEPT.file, kept);
}

/** Takes up the model of the last visit, where there is one, and says where it came from. */
async function recall(): Promise<string> {
  const kept = "caches" in globalThis ? await (await caches.open(KEPT.cache)).match(KEPT.file) : undefined;
  if (kept === undefined) return "untrained";
  model = lenetFrom(await kept.arrayBuffer());
  accuracy = Number(kept.headers.get("x-accuracy")) || null;
  return kept.headers.get("x-origin") ?? "kept";
}

function fresh(): LeNet {
  fl.manualSeed(0); // the same for everybody
  return new LeNet();
}

function digits(part: "train" | "test"): Promise<Digits> {
  return MNIST.load(site(`data/${part}-images.gz`), site(`data/${part}-labels.gz`));
}

/** A turn of the event loop, without the 4 ms that a timer would take. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function tell(news: News): void {
  postMessage(news);
}
