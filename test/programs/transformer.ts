// Which of four classes a row of symbols is, of which some are padding: an encoder of two layers with dropout.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Classifier extends nn.Module {
    embed = new nn.Embedding(20, 16);
    encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(16, 4, 32, 0.1, "gelu"), 2);
    head = new nn.Linear(16, 4);
    forward(x: Tensor, padding: Tensor): Tensor {
      return this.head(fl.mean(this.encoder(this.embed(x), { srcKeyPaddingMask: padding }), 0));
    }
  }
  fl.manualSeed(1);
  const model = new Classifier();
  log.params("init", model);
  const x = fl.randint(0, 20, [9, 16]); // [steps, batch]
  const y = fl.randint(0, 4, [16]);
  const padding = fl.ge(fl.unsqueeze(fl.arange(9), 0), fl.randint(3, 10, [16, 1]));
  const optimizer = new fl.optim.AdamW(model.parameters(), { lr: 0.003 });
  for (let step = 0; step < 10; step++) {
    const loss = nn.functional.crossEntropy(model(x, padding), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    log("loss", loss.item());
  }
}
