// The next letter: a GPT of two blocks, each attention that sees what came before and two maps.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const TEXT = "the quick brown fox jumps over the lazy dog and the dog sleeps on in the sun ";
const [STEPS, BATCH, WIDTH, HEADS] = [12, 8, 16, 4];

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Block extends nn.Module {
    norm1 = new nn.LayerNorm(WIDTH);
    attention = new nn.MultiheadAttention(WIDTH, HEADS, { batchFirst: true });
    norm2 = new nn.LayerNorm(WIDTH);
    map = new nn.Sequential(new nn.Linear(WIDTH, 4 * WIDTH), new nn.GELU(), new nn.Linear(4 * WIDTH, WIDTH));
    forward(x: Tensor, mask: Tensor): Tensor {
      const y = this.norm1(x);
      const seen = fl.add(x, this.attention(y, y, y, { attnMask: mask, needWeights: false })[0]);
      return fl.add(seen, this.map(this.norm2(seen)));
    }
  }
  class GPT extends nn.Module {
    letters = new nn.Embedding(26 + 1, WIDTH);
    places = new nn.Embedding(STEPS, WIDTH);
    first = new Block();
    second = new Block();
    norm = new nn.LayerNorm(WIDTH);
    head = new nn.Linear(WIDTH, 26 + 1);
    forward(x: Tensor): Tensor {
      const mask = nn.Transformer.generateSquareSubsequentMask(STEPS);
      const h = fl.add(this.letters(x), this.places(fl.arange(STEPS)));
      return this.head(this.norm(this.second(this.first(h, mask), mask)));
    }
  }
  fl.manualSeed(1);
  const model = new GPT();
  log.params("init", model);
  const codes = [...TEXT].map((letter) => (letter === " " ? 26 : letter.charCodeAt(0) - 97));
  const optimizer = new fl.optim.AdamW(model.parameters(), { lr: 0.01 });
  for (let step = 0; step < 10; step++) {
    const starts = fl.randint(0, codes.length - STEPS, [BATCH]).tolist() as number[];
    const rows = (shift: number): Tensor => fl.tensor(starts.map((s) => codes.slice(s + shift, s + shift + STEPS)));
    const logits = model(rows(0));
    const loss = nn.functional.crossEntropy(fl.flatten(logits, 0, 1), fl.flatten(rows(1)));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", loss.item());
  }
}
