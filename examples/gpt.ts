// Trains a small GPT on the first chapters of Moby-Dick, letter by letter, shows how it went, and lets it write.
//
//   node build/examples/gpt.js [--steps N] [--seed N] [--letters N] [--begin TEXT] [--out FOLDER]
//
// A GPT reads some letters and says of each which one comes next. It is trained on pieces of the book, where the next letter is
// known; to write, it is given its own last letters again and again.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { readOptions } from "./support/options.ts";
import { lossCurve, note, pageHtml, section } from "./support/report.ts";
import { clock, curve, Progress } from "./support/terminal.ts";

const { nn, optim } = fl;
const F = nn.functional;

const option = readOptions("node build/examples/gpt.js", {
  steps: [1500, "steps of training"],
  seed: [0, "where its random numbers begin"],
  letters: [400, "letters that it writes at the end"],
  begin: ["The whale", "what it goes on from"],
  out: ["runs/gpt", "where the report goes", "FOLDER"],
});
const { steps } = option;

// b pieces in a batch, t letters in a piece, c numbers for a letter, h heads
const BATCH = 16;
const CONTEXT = 64;
const WIDTH = 96;
const HEADS = 4;
const BLOCKS = 3;
const LEARNING_RATE = 3e-3; // at the top of the one cycle
const TEMPERATURE = 0.8; // below 1 it writes more carefully, above more freely

const text = readFileSync(new URL("../../examples/data/moby-dick.txt", import.meta.url), "utf8");
const alphabet = [...new Set(text)].sort();
const codeOf = new Map(alphabet.map((letter, code) => [letter, code]));
const encode = (letters: string): number[] => [...letters].flatMap((letter) => codeOf.get(letter) ?? []);
const book = fl.tensor(encode(text));
const heldOut = Math.floor(book.shape[0]! / 10); // letters at the end, which it is not trained on
const seen = book.narrow(0, 0, book.shape[0]! - heldOut);
const unseen = book.narrow(0, book.shape[0]! - heldOut, heldOut);

/** Each letter looks at those before it. */
class Attention extends nn.Module {
  project = new nn.Linear(WIDTH, 3 * WIDTH);
  out = new nn.Linear(WIDTH, WIDTH);

  forward(x: Tensor): Tensor {
    const [b, t, c] = x.shape as readonly [number, number, number];
    const heads = (y: Tensor): Tensor => y.view(b, t, HEADS, c / HEADS).transpose(1, 2); // [b, h, t, c / h]
    const [query, key, value] = this.project(x).split(c, 2).map(heads) as [Tensor, Tensor, Tensor];
    const found = F.scaledDotProductAttention(query, key, value, { isCausal: true });
    return this.out(found.transpose(1, 2).reshape(b, t, c));
  }
}

/** Looks back, then thinks about what it saw; both are added to what it knew. */
class Block extends nn.Module {
  norm1 = new nn.LayerNorm(WIDTH);
  attention = new Attention();
  norm2 = new nn.LayerNorm(WIDTH);
  think = new nn.Sequential(new nn.Linear(WIDTH, 4 * WIDTH), new nn.GELU(), new nn.Linear(4 * WIDTH, WIDTH));

  forward(x: Tensor): Tensor {
    const looked = x.add(this.attention(this.norm1(x)));
    return looked.add(this.think(this.norm2(looked)));
  }
}

/** Letters as codes `[b, t]` → for each the scores of all that may come next, `[b, t, alphabet]`. */
class GPT extends nn.Module {
  letters = new nn.Embedding(alphabet.length, WIDTH);
  places = new nn.Embedding(CONTEXT, WIDTH);
  blocks = new nn.Sequential(...Array.from({ length: BLOCKS }, () => new Block()));
  norm = new nn.LayerNorm(WIDTH);
  head = new nn.Linear(WIDTH, alphabet.length);

  forward(codes: Tensor): Tensor {
    const x = this.letters(codes).add(this.places(fl.arange(codes.shape[1]!)));
    return this.head(this.norm(this.blocks(x)));
  }
}

fl.manualSeed(option.seed);
const model = new GPT();
const optimizer = new optim.AdamW(model.parameters(), { lr: LEARNING_RATE });
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, LEARNING_RATE, { totalSteps: steps, pctStart: 0.1 });

const parameters = [...model.parameters()].reduce((sum, p) => sum + p.numel(), 0);
const bar = new Progress(process.stdout);
bar.line(`${seen.shape[0]!.toLocaleString("en")} letters, ${parameters.toLocaleString("en")} parameters`);
const started = performance.now();
const losses: number[] = [];
for (let step = 0; step < steps; step++) {
  losses.push(fl.scope(train));
  const left = ((performance.now() - started) / (step + 1)) * (steps - step - 1);
  bar.show((step + 1) / steps, () => [`loss ${losses.at(-1)!.toFixed(3)}`, `${clock(left / 1000)} left`]);
}
bar.line(`\nloss\n${curve(losses, 64, 8)}`);
const took = clock((performance.now() - started) / 1000);
const bits = (fl.scope(evaluate) / Math.LN2).toFixed(2);
bar.line(`${took}; of text it has not read, a letter costs ${bits} bits`);
const written = option.begin + write(option.begin, option.letters);
bar.line(`\n${written}\n`);

mkdirSync(option.out, { recursive: true });
const report = path.join(option.out, "report.html");
writeFileSync(
  report,
  pageHtml(
    {
      title: "After Moby-Dick",
      subtitle: `A GPT, trained in ${took} by Flambeau on ${seen.shape[0]!.toLocaleString("en")} letters, writes.`,
      figures: [
        [`${bits} bits`, "a letter that it has not read"],
        [took, "training"],
        [parameters.toLocaleString("en"), "parameters"],
      ],
    },
    [
      note("What it wrote", written),
      section("Training loss", lossCurve(losses, 1)),
      note("The model", String(model)),
      note("The text", "Herman Melville: Moby-Dick; or, The Whale (1851), chapters 1 to 12."),
    ].join("\n"),
  ),
);
bar.line(`${report} shows more`);

/** One step on a batch of pieces, and its loss. */
function train(): number {
  const loss = lossOf(fl.randint(0, seen.shape[0]! - CONTEXT, [BATCH, 1]), seen);
  optimizer.zeroGrad();
  loss.backward();
  nn.utils.clipGradNorm_(model.parameters(), 1);
  optimizer.step();
  scheduler.step();
  return loss.item() as number;
}

/** The mean loss over pieces of the text that was held out. */
function evaluate(): number {
  const starts = fl.arange(0, unseen.shape[0]! - CONTEXT, 4 * CONTEXT).view(-1, 1);
  return fl.noGrad(() => lossOf(starts, unseen)).item() as number;
}

/** The loss of pieces that begin at `starts` `[b, 1]`: minus the logarithm of the chance it gave each next letter. */
function lossOf(starts: Tensor, letters: Tensor): Tensor {
  const pieces = letters.at(starts.add(fl.arange(CONTEXT + 1))); // [b, t + 1]
  const scores = model(pieces.narrow(1, 0, CONTEXT));
  return F.crossEntropy(scores.flatten(0, 1), pieces.narrow(1, 1, CONTEXT).flatten());
}

/** What the model writes after `begin`. */
function write(begin: string, count: number): string {
  const codes = encode(begin);
  const first = codes.length;
  for (let i = 0; i < count; i++) codes.push(fl.scope(() => fl.noGrad(() => next(codes.slice(-CONTEXT)))));
  return codes
    .slice(first)
    .map((code) => alphabet[code])
    .join("");
}

/** A letter, drawn with the chances that the model gives. */
function next(codes: readonly number[]): number {
  const scores = model(fl.tensor([codes]))
    .select(1, -1)
    .div(TEMPERATURE);
  return fl.multinomial(scores.softmax(-1), 1).item() as number;
}
