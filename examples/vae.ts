// A variational autoencoder on MNIST: it learns to write digits that nobody wrote.
//
//   npm run build && node build/examples/vae.js [--epochs N] [--seed N] [--limit N] [--out FOLDER]
//
// After D. P. Kingma and M. Welling, "Auto-Encoding Variational Bayes". An encoder says of each digit where in a space of few
// dimensions it lies, as a normal distribution; a decoder draws a digit for each point of that space. Trained together so
// that the digits come back and the distributions stay near N(0, 1), any point drawn from N(0, 1) is a digit.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Tensor } from "flambeau";
import * as fl from "flambeau";
import { readMnist } from "./support/mnist.ts";
import { readOptions } from "./support/options.ts";
import { gallery, lossCurve, note, pageHtml, section } from "./support/report.ts";
import { clock, curve, mean, Progress, pictures } from "./support/terminal.ts";

const { nn, optim } = fl;
const { functional: F } = nn;
const { DataLoader, Subset } = fl.utils.data;

const option = readOptions("node build/examples/vae.js", {
  epochs: [10, "how often it sees the digits"],
  seed: [0, "where its random numbers begin"],
  limit: [60000, "how many digits it is trained on"],
  out: ["runs/vae", "where the report goes", "FOLDER"],
});
const { epochs } = option;
const SIDE = 28;
const PIXELS = SIDE * SIDE;
const LATENT = 16; // dimensions of the space that the digits live in

/** 784 pixels → 400 → mean and log variance of a point in the latent space → 400 → 784 logits of pixels. */
class VAE extends nn.Module {
  encoder = new nn.Sequential(new nn.Linear(PIXELS, 400), new nn.ReLU());
  mean = new nn.Linear(400, LATENT);
  logVariance = new nn.Linear(400, LATENT);
  decoder = new nn.Sequential(new nn.Linear(LATENT, 400), new nn.ReLU(), new nn.Linear(400, PIXELS));

  forward(images: Tensor): [logits: Tensor, mean: Tensor, logVariance: Tensor] {
    const hidden = this.encoder(images.flatten(1));
    const [mean, logVariance] = [this.mean(hidden), this.logVariance(hidden)];
    // A point of the distribution, as a function of it that has a gradient: the randomness comes from outside.
    const deviation = logVariance.mul(0.5).exp();
    const point = mean.add(deviation.mul(fl.randnLike(deviation)));
    return [this.decoder(point), mean, logVariance];
  }
}

/** What is lost, in nats a digit: the pixels that come back wrong, and how far the distributions are from N(0, 1). */
function lossOf([logits, mean, logVariance]: [Tensor, Tensor, Tensor], images: Tensor): Tensor {
  const pixels = F.binaryCrossEntropyWithLogits(logits, images.flatten(1), { reduction: "sum" });
  const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5);
  return pixels.add(divergence).div(images.size(0));
}

fl.manualSeed(option.seed);
const digits = await readMnist("train");
const shown = await readMnist("t10k");
const count = Math.min(digits.length, option.limit);
const loader = new DataLoader(new Subset(digits, [...Array(count).keys()]), { batchSize: 128, shuffle: true });
const model = new VAE();
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });

const bar = new Progress(process.stdout);
bar.line(`a variational autoencoder of ${count.toLocaleString("en")} digits, ${LATENT} latent dimensions`);
const losses: number[] = [];
const started = performance.now();
for (let epoch = 0; epoch < epochs; epoch++) {
  for await (const [images] of loader) {
    const loss = lossOf(model(images), images);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();

    losses.push(loss.item() as number);
    bar.show(losses.length / (epochs * loader.length), () => [
      `epoch ${epoch + 1}/${epochs}`,
      `loss ${mean(losses.slice(-50)).toFixed(2)} nats`,
    ]);
  }
  bar.line(`epoch ${epoch + 1}  loss ${mean(losses.slice(-loader.length)).toFixed(2)} nats a digit`);
}
const seconds = (performance.now() - started) / 1000;

model.eval();
const [originals] = shown.batch([...Array(10).keys()]);
const drawn = decoded(fl.randn(40, LATENT));
const again = fl.noGrad(() => decoded(encoded(originals)));
const walk = fl.noGrad(() => {
  // A straight line in the latent space, from the first digit to the second.
  const [from, to] = encoded(originals.at("0:2")).unbind(0) as [Tensor, Tensor];
  return decoded(fl.stack(Array.from({ length: 10 }, (_, i) => fl.lerp(from, to, i / 9))));
});

bar.line(`\nloss\n${curve(losses, 64, 8)}`);
bar.line(`digits that nobody wrote\n${row(drawn.slice(0, 5))}`);
bar.line(`from one digit to another\n${row([0, 2, 5, 7, 9].map((i) => walk[i]!))}`);
mkdirSync(option.out, { recursive: true });
const report = path.join(option.out, "report.html");
writeFileSync(
  report,
  pageHtml(
    {
      title: "Digits that nobody wrote",
      subtitle: `Drawn by a variational autoencoder, trained in ${clock(seconds)} by Flambeau, seed ${option.seed}.`,
      figures: [
        [mean(losses.slice(-loader.length)).toFixed(1), "nats a digit"],
        [clock(seconds), "training"],
        [`${LATENT}`, "latent dimensions"],
        [[...model.parameters()].reduce((sum, p) => sum + p.numel(), 0).toLocaleString("en"), "parameters"],
      ],
    },
    [
      section("Drawn from nothing", gallery(drawn, 10)),
      section("Digits of the test set, and what comes back of them", gallery([...bytesOf(originals), ...again], 10)),
      section("From one digit to another", gallery(walk, 10)),
      section("Training loss", lossCurve(losses, epochs)),
      note("The model", String(model)),
      note("The data", "Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits."),
    ].join("\n"),
  ),
);
bar.line(`${report} shows more`);

/** Where digits lie in the latent space: the means of their distributions. */
function encoded(images: Tensor): Tensor {
  return model.mean(model.encoder(images.flatten(1)));
}

/** The digits at points of the latent space. */
function decoded(points: Tensor): Uint8Array[] {
  return bytesOf(fl.noGrad(() => model.decoder(points).sigmoid()));
}

/** Pictures of 0 to 1 as bytes. */
function bytesOf(images: Tensor): Uint8Array[] {
  const bytes = images.mul(255).round().to("uint8").dataSync() as Uint8Array;
  return Array.from({ length: bytes.length / PIXELS }, (_, i) => bytes.subarray(i * PIXELS, (i + 1) * PIXELS));
}

function row(images: readonly Uint8Array[]): string {
  return pictures(
    images.map((pixels) => ({ pixels, caption: "" })),
    SIDE,
    SIDE,
  );
}
