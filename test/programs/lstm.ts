// Which of four classes a row of symbols is: an LSTM that reads it from both ends, with dropout between its layers.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Classifier extends nn.Module {
    embed = new nn.Embedding(20, 8);
    lstm = new nn.LSTM(8, 12, { numLayers: 2, batchFirst: true, bidirectional: true, dropout: 0.25 });
    head = new nn.Linear(24, 4);
    forward(x: Tensor): Tensor {
      const [output] = this.lstm(this.embed(x));
      return this.head(fl.mean(output, 1));
    }
  }
  fl.manualSeed(1);
  const model = new Classifier();
  log.params("init", model);
  const x = fl.randint(0, 20, [16, 9]);
  const y = fl.randint(0, 4, [16]);
  const optimizer = new fl.optim.Adam(model.parameters(), { lr: 0.01 });
  for (let step = 0; step < 10; step++) {
    const loss = nn.functional.crossEntropy(model(x), y);
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    log("loss", loss.item());
  }
}
