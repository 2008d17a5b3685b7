// Trains a small convolutional network on all of MNIST, shows how it went, saves the model and loads it again.
//
//   npm start -- [--epochs N] [--seed N] [--limit N] [--fresh] [--out FOLDER] [--half FILE]
//
// Ctrl-C stops after the current step; started again, it goes on from there and ends with the very same numbers.
// --limit takes only the first N digits, --fresh forgets an unfinished run, --half writes the weights once more, as
// float16: half the bytes, for the apps that carry them along (examples/data/mnist.safetensors).
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import * as fl from "flambeau";
import { loadTree, saveTree } from "./support/checkpoint.ts";
import { LeNet } from "./support/lenet.ts";
import { readMnist } from "./support/mnist.ts";
import { readOptions } from "./support/options.ts";
import { type Digit, type Epoch, reportHtml } from "./support/report.ts";
import { clock, curve, mean, Progress, pictures } from "./support/terminal.ts";

const { nn, optim } = fl;
const { DataLoader, MNIST, Subset } = fl.utils.data;

const option = readOptions("npm start", {
  epochs: [3, "how often it sees the digits"],
  seed: [0, "where its random numbers begin"],
  limit: [60000, "how many digits it is trained on"],
  fresh: [false, "forget an unfinished run"],
  out: ["runs/mnist", "where the model and the report go", "FOLDER"],
  half: [String, "write the weights once more, as float16", "FILE"],
});
const { epochs } = option;
const BATCH = 128;
const LEARNING_RATE = 0.008; // at the top of the one cycle

fl.manualSeed(option.seed);
const trainDigits = first(await readMnist("train"));
const trainLoader = new DataLoader(trainDigits, { batchSize: BATCH, shuffle: true });
const testDigits = await readMnist("t10k");
const testLoader = new DataLoader(first(testDigits), { batchSize: 200 });
const testLabels = testDigits.targets.tolist() as number[];
const model = new LeNet();
const optimizer = new optim.AdamW(model.parameters(), { lr: LEARNING_RATE });
const totalSteps = epochs * trainLoader.length;
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, LEARNING_RATE, { totalSteps, pctStart: 0.2 });

const checkpoint = path.join(option.out, "checkpoint.safetensors");
const settings = { epochs, seed: option.seed, images: trainDigits.length };
/** How far the training is: what a checkpoint holds besides the states of model, optimizer and scheduler. */
let run = {
  settings,
  epoch: 0,
  batch: 0,
  // The generator as it was when the epoch began: from it the epoch's order is drawn again. Nothing else draws.
  generator: fl.getRngState(),
  losses: [] as number[],
  correct: 0,
  seconds: 0,
  history: [] as Epoch[],
};
const bar = new Progress(process.stdout);

bar.line(`LeNet on ${settings.images.toLocaleString("en")} digits, ${epochs} epochs, seed ${option.seed}`);
if (option.fresh) rmSync(checkpoint, { force: true });
await resume();

let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true; // a second Ctrl-C ends the process at once
});
while (run.epoch < epochs && !interrupted) await trainEpoch();
if (interrupted) {
  await saveTree(checkpoint, state());
  bar.line(`stopped in epoch ${run.epoch + 1}; start again to go on`);
  process.exit(130);
}

const answers = await classify(model);
const file = path.join(option.out, "model.safetensors");
await fl.safetensors.saveFile(model.stateDict(), file);
const again = new LeNet();
again.loadStateDict(await fl.safetensors.loadFile(file));
const [accuracy, reloaded] = [accuracyOf(answers), accuracyOf(await classify(again))];
if (reloaded !== accuracy) throw new Error(`the saved model has ${percent(reloaded)}, not ${percent(accuracy)}`);
rmSync(checkpoint, { force: true });
if (option.half !== undefined) await saveHalf(option.half);
show();

/** One epoch, or the rest of one: forward, backward, step; then the test. */
async function trainEpoch(): Promise<void> {
  const started = performance.now();
  const before = run.seconds;
  let batch = 0;
  model.train();
  fl.setRngState(run.generator);
  for await (const [images, labels] of trainLoader) {
    if (batch++ < run.batch) continue; // learnt before the interruption
    const logits = model(images);
    const loss = nn.functional.crossEntropy(logits, labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    scheduler.step();

    run.batch = batch;
    run.losses.push(loss.item() as number);
    run.correct += logits.argmax(1).eq(labels).sum().item() as number;
    run.seconds = before + (performance.now() - started) / 1000;
    bar.show(run.losses.length / totalSteps, () => [
      `epoch ${run.epoch + 1}/${epochs}`,
      `loss ${mean(run.losses.slice(-50)).toFixed(4)}`,
      `acc ${percent(run.correct / Math.min(batch * BATCH, settings.images))}`,
      `${imagesPerSecond()} images/s`,
      `${clock(run.seconds * (totalSteps / run.losses.length - 1))} left`,
    ]);
    await turn(); // a turn of the event loop: Ctrl-C is heard
    if (interrupted) return;
  }
  const accuracy = accuracyOf(await classify(model));
  run.seconds = before + (performance.now() - started) / 1000;
  const spent = run.seconds - run.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const loss = mean(run.losses.slice(-trainLoader.length));
  const megabytes = process.memoryUsage.rss() / 1e6;
  run.history.push({ loss, accuracy, seconds: spent, megabytes });
  run = { ...run, epoch: run.epoch + 1, batch: 0, correct: 0, generator: fl.getRngState() };
  bar.line(
    `epoch ${run.epoch}  loss ${loss.toFixed(4)}  test accuracy ${percent(accuracy)}  ` +
      `${spent.toFixed(1)} s  memory ${megabytes.toFixed(0)} MB`,
  );
  await saveTree(checkpoint, state());
}

/** What the model takes each test image for, and how sure it is. */
async function classify(model: LeNet): Promise<{ predictions: number[]; confidences: number[] }> {
  const [predictions, confidences] = [[] as number[], [] as number[]];
  model.eval();
  for await (const [images] of testLoader) {
    const { values, indices } = fl.noGrad(() => model(images).softmax(1).max(1));
    predictions.push(...(indices.tolist() as number[]));
    confidences.push(...(values.tolist() as number[]));
  }
  return { predictions, confidences };
}

function accuracyOf({ predictions }: { predictions: readonly number[] }): number {
  return predictions.filter((p, i) => p === testLabels[i]).length / predictions.length;
}

async function saveHalf(file: string): Promise<void> {
  const halves = Object.entries(model.stateDict()).map(([name, weight]) => [name, weight.half()] as const);
  await fl.safetensors.saveFile(Object.fromEntries(halves), file);
}

type Checkpoint = ReturnType<typeof state>;

function state() {
  return { run, model: model.stateDict(), optimizer: optimizer.stateDict(), scheduler: scheduler.stateDict() };
}

async function resume(): Promise<void> {
  const saved = await loadTree<Checkpoint>(checkpoint);
  if (saved === null) return;
  if (JSON.stringify(saved.run.settings) !== JSON.stringify(settings)) {
    bar.line("an unfinished run with other settings is left aside");
    return;
  }
  run = saved.run;
  model.loadStateDict(saved.model);
  optimizer.loadStateDict(saved.optimizer);
  scheduler.loadStateDict(saved.scheduler);
  bar.line(`resumed in epoch ${run.epoch + 1} after ${run.batch} of ${trainLoader.length} batches`);
}

/** The curve and some digits in the terminal, and the report. */
function show(): void {
  const held: Digit[] = answers.predictions.map((prediction, i) => ({
    pixels: testDigits.data.at(i).dataSync() as Uint8Array,
    label: testLabels[i]!,
    prediction,
    confidence: answers.confidences[i]!,
  }));
  const mistakes = held.filter((d) => d.label !== d.prediction).sort((a, b) => b.confidence - a.confidence);
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  for (const { label, prediction } of held) confusion[label]![prediction]!++;

  const picture = ({ pixels, label, prediction }: Digit) => ({
    pixels,
    caption: label === prediction ? `${prediction}` : `${prediction} is ${label}`,
  });
  bar.line(`\nloss\n${curve(run.losses, 64, 8)}`);
  bar.line(pictures(held.slice(0, 5).map(picture), 28, 28));
  if (mistakes.length > 0) bar.line(`wrong:\n${pictures(mistakes.slice(0, 5).map(picture), 28, 28)}`);

  const seconds = run.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const report = path.join(option.out, "report.html");
  mkdirSync(option.out, { recursive: true });
  writeFileSync(
    report,
    reportHtml({
      title: `MNIST: ${percent(accuracy)} of the test digits`,
      subtitle: `Trained from nothing in ${clock(seconds)} by Flambeau on Node ${process.versions.node}, ${fl.getNumThreads()} threads, seed ${option.seed}.`,
      figures: [
        [percent(accuracy), "test accuracy"],
        [clock(seconds), "training"],
        [imagesPerSecond(), "images a second"],
        [[...model.parameters()].reduce((sum, p) => sum + p.numel(), 0).toLocaleString("en"), "parameters"],
        [`${run.history.at(-1)!.megabytes.toFixed(0)} MB`, "memory"],
      ],
      losses: run.losses,
      epochs: run.history,
      confusion,
      samples: held.slice(0, 40),
      mistakes: mistakes.slice(0, 30),
      notes: [
        ["The model", String(model)],
        ["The data", "Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits."],
      ],
    }),
  );
  bar.line(`${percent(accuracy)} of ${held.length.toLocaleString("en")} test digits after ${clock(seconds)}`);
  bar.line(`${file}, loaded into a fresh model, has the same ${percent(reloaded)}`);
  bar.line(`${report} shows more`);
}

/** No more of a data set than --limit says. */
function first(digits: InstanceType<typeof MNIST>) {
  const n = Math.min(digits.length, option.limit);
  return new Subset(digits, [...Array(n).keys()]);
}

function imagesPerSecond(): string {
  return Math.round((run.losses.length * BATCH) / run.seconds).toLocaleString("en");
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
