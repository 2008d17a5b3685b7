// An LSTM that learns how the air breathes: carbon dioxide at Mauna Loa, month by month since 1958.
//
//   npm run build && node build/examples/lstm.js [--steps N] [--seed N] [--out FOLDER]
//
// It sees the months before 2008 and learns to say by how much the next one differs. Then it goes on alone, a guess upon a
// guess, and is compared with what was measured.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { readOptions } from "./support/options.ts";
import { chart, lossCurve, note, pageHtml, section } from "./support/report.ts";
import { clock, curve, mean, Progress } from "./support/terminal.ts";

const { nn, optim } = fl;

const option = readOptions("node build/examples/lstm.js", {
  steps: [600, "steps of training"],
  seed: [0, "where its random numbers begin"],
  out: ["runs/lstm", "where the report goes", "FOLDER"],
});
const { steps } = option;
const WINDOW = 72; // months that one training sample shows: long enough for a rhythm of twelve
const BATCH = 32;
const HIDDEN = 32;

/** The next value of a series from those before it, at every step: `[b, t, 1]` → `[b, t, 1]`. */
class Forecaster extends nn.Module {
  lstm = new nn.LSTM(1, HIDDEN, { batchFirst: true });
  head = new nn.Linear(HIDDEN, 1);

  forward(x: Tensor, state?: [h: Tensor, c: Tensor]): [next: Tensor, state: [h: Tensor, c: Tensor]] {
    const [hidden, after] = state === undefined ? this.lstm(x) : this.lstm(x, state);
    return [this.head(hidden), after];
  }
}

const { months, values } = readSeries();
const known = months.findIndex((month) => month >= "2008");
const changes = values.slice(1).map((v, i) => v - values[i]!); // changes[i] leads to values[i + 1]
const training = fl.tensor(changes.slice(0, known - 1));
const [center, scale] = [training.mean().item() as number, training.std().item() as number];
const series = training.sub(center).div(scale); // [months]

fl.manualSeed(option.seed);
const model = new Forecaster();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, steps);
const bar = new Progress(process.stdout);
bar.line(`an LSTM of ${HIDDEN} cells on ${known} months of carbon dioxide, ${months[0]} to ${months[known - 1]}`);

const losses: number[] = [];
const started = performance.now();
for (let step = 0; step < steps; step++) {
  // A synchronous loop gives the collector no turn: what a step made goes back at its end.
  fl.scope(() => {
    const starts = fl.randint(0, series.size(0) - WINDOW, [BATCH, 1]);
    const windows = series.at(starts.add(fl.arange(WINDOW + 1))).unsqueeze(2); // [b, t + 1, 1]
    const [guesses] = model(windows.at(":", ":-1"));
    const loss = nn.functional.mseLoss(guesses, windows.at(":", "1:"));
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    scheduler.step();
    losses.push(loss.item() as number);
  });
  bar.show(step / steps, () => [`step ${step}/${steps}`, `loss ${losses.at(-1)!.toFixed(4)}`]);
}
const seconds = (performance.now() - started) / 1000;

const forecast = goOn(values.length - known);
const measured = values.slice(known);
const error = mean(forecast.map((v, i) => Math.abs(v - measured[i]!)));
// To beat: every month is as it was a year before, and as much higher as a year was in all that is known.
const yearly = 12 * center;
const plain = measured.map((_, i) => values[known - 12 + (i % 12)]! + yearly * (1 + Math.floor(i / 12)));
const plainError = mean(plain.map((v, i) => Math.abs(v - measured[i]!)));

bar.line(`\nloss\n${curve(losses, 64, 8)}`);
const glimpse = [...values.slice(known - 60, known), ...forecast.slice(0, 60)];
bar.line(`five years measured, and five as the LSTM goes on (ppm)\n${curve(glimpse, 60, 8)}`);
mkdirSync(option.out, { recursive: true });
const report = path.join(option.out, "report.html");
const shown = known - 120;
writeFileSync(
  report,
  pageHtml(
    {
      title: "How the air breathes",
      subtitle: `An LSTM, trained in ${clock(seconds)} by Flambeau, goes on alone from ${months[known]}.`,
      figures: [
        [`${error.toFixed(2)} ppm`, `off, over ${forecast.length} months`],
        [`${plainError.toFixed(2)} ppm`, "off, by last year's rhythm and the mean rise"],
        [clock(seconds), "training"],
        [[...model.parameters()].reduce((sum, p) => sum + p.numel(), 0).toLocaleString("en"), "parameters"],
      ],
    },
    [
      section(
        "Measured and told",
        chart(
          [
            { name: "measured, ppm", from: shown, values: values.slice(shown) },
            { name: "the LSTM on its own", from: known, values: forecast },
          ],
          (place) => months[place]!,
        ),
      ),
      section("Training loss", lossCurve(losses, 0)),
      note("The model", String(model)),
      note(
        "The data",
        "C. D. Keeling and others: Atmospheric CO2 at Mauna Loa, Scripps CO2 Program, scrippsco2.ucsd.edu (CC BY 4.0), by way of vega-datasets.",
      ),
    ].join("\n"),
  ),
);
bar.line(
  `alone for ${forecast.length} months: off by ${error.toFixed(2)} ppm; last year's rhythm and the mean rise: ${plainError.toFixed(2)} ppm`,
);
bar.line(`${report} shows more`);

/** The next `n` values after what is known: the state takes in all known changes, then each guess is the next input. */
function goOn(n: number): number[] {
  return fl.noGrad(() => {
    let [next, state] = model(series.view(1, -1, 1));
    let value = values[known - 1]!;
    const told: number[] = [];
    while (told.length < n) {
      const change = next.at(":", "-1:"); // [1, 1, 1]
      value += (change.item() as number) * scale + center;
      told.push(value);
      [next, state] = model(change, state);
    }
    return told;
  });
}

/** Months as "1958-03" and their mean concentrations in ppm, of Scripps' record. */
function readSeries(): { months: string[]; values: number[] } {
  const file = new URL("../../examples/data/co2-concentration.csv", import.meta.url);
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  const cells = rows.map((row) => row.split(","));
  return { months: cells.map(([date]) => date!.slice(0, 7)), values: cells.map(([, value]) => Number(value)) };
}
