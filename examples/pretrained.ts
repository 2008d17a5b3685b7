// Takes over a net that PyTorch trained, and teaches it something new.
//
//   npm run build && node build/examples/pretrained.js [--steps N] [--seed N] [--out FOLDER]
//
// PyTorch taught a small net to read digits (examples/data/digits.py) and saved it as a `.pt` file. Here the same net gets
// those weights and says of each picture what it said there. Of digits that lie on their side it knows little: some steps
// of training change that, and what comes out is a `.pt` file that PyTorch reads.
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { readMnist } from "./support/mnist.ts";
import { readOptions } from "./support/options.ts";
import { clock, curve, Progress } from "./support/terminal.ts";

const { nn, optim } = fl;
const F = nn.functional;

const option = readOptions("node build/examples/pretrained.js", {
  steps: [300, "steps of training"],
  seed: [0, "where its random numbers begin"],
  out: ["runs/pretrained", "where the trained weights go", "FOLDER"],
});
const { steps } = option;
const BATCH = 64;

/** The net as digits.py has it: fields of the same names, so the keys of the state dict are the same. */
class Digits extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(8, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  head = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 32), new nn.ReLU(), new nn.Linear(32, 10));

  forward(x: Tensor): Tensor {
    return this.head(this.features(x));
  }
}

const file = new URL("../../examples/data/digits.pt", import.meta.url);
const { model: weights, logits } = await fl.load<{ model: fl.nn.StateDict; logits: Tensor }>(file);
fl.manualSeed(option.seed);
const model = new Digits();
model.loadStateDict(weights);
model.eval();

const out = new Progress(process.stdout);
const training = await readMnist("train");
const test = await readMnist("t10k");
const [pictures, answers] = test.batch([...Array(2000).keys()]);
const onSide = turned(pictures);

const said = fl.noGrad(() => model(pictures.narrow(0, 0, logits.size(0))));
const gap = said.sub(logits).abs().max().item() as number;
out.line(`PyTorch's net says what it said there: logits differ by ${gap.toExponential(1)} at most`);
out.line(`of upright digits it reads   ${percent(accuracy(model, pictures))}`);
out.line(`of digits on their side      ${percent(accuracy(model, onSide))}`);

const optimizer = new optim.AdamW(model.parameters(), { lr: 2e-3 });
const losses: number[] = [];
const started = performance.now();
model.train();
for (let step = 0; step < steps; step++) {
  losses.push(fl.scope(learn));
  out.show((step + 1) / steps, () => [`loss ${losses.at(-1)!.toFixed(3)}`]);
}
model.eval();
out.line(`\nloss\n${curve(losses, 64, 8)}`);
out.line(`after ${steps} steps, ${clock((performance.now() - started) / 1000)}`);
out.line(`of digits on their side      ${percent(accuracy(model, onSide))}`);

mkdirSync(option.out, { recursive: true });
const saved = path.join(option.out, "digits.pt");
await fl.save({ model: model.stateDict() }, saved);
const again = new Digits();
again.loadStateDict((await fl.load<{ model: fl.nn.StateDict }>(saved)).model);
again.eval();
out.line(`read from ${saved}: ${percent(accuracy(again, onSide))}`);

/** One step on a batch of digits that were laid on their side, and its loss. */
function learn(): number {
  const [images, labels] = training.batch(fl.randint(0, training.length, [BATCH]).tolist() as number[]);
  const loss = F.crossEntropy(model(turned(images)), labels);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.item() as number;
}

/** Pictures `[n, 1, h, w]`, a quarter turn on. */
function turned(images: Tensor): Tensor {
  return images.transpose(2, 3).flip(2);
}

/** The share of pictures that a net reads rightly. */
function accuracy(net: Digits, images: Tensor): number {
  return fl.scope(() => fl.noGrad(() => net(images).argmax(1).eq(answers).to("float32").mean().item() as number));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
