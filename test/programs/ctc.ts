// Reading a line of letters that are spread over frames: a convolution over time, an LSTM, the CTC loss, greedy decoding.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  class Reader extends nn.Module {
    conv = new nn.Sequential(new nn.Conv1d(5, 8, 3, 1, 1), new nn.BatchNorm1d(8), new nn.Hardswish());
    rnn = new nn.LSTM({ inputSize: 8, hiddenSize: 10, bidirectional: true });
    fc = new nn.Linear(20, 5);
    forward(x: Tensor): Tensor {
      const h = this.conv(x).permute(2, 0, 1); // [t, n, c]
      const [output, [last]] = this.rnn(h);
      return this.fc(output.add(last.mean().mul(0.01))).logSoftmax(2);
    }
  }
  fl.manualSeed(13);
  const reader = new Reader();
  log.params("init", reader);
  const lengths = [3, 2, 4];
  const targets = fl.randint(1, 5, [3, 4]);
  const frames = fl.zeros(3, 5, 14).add(fl.randn(3, 5, 14).mul(0.3));
  for (const [i, n] of lengths.entries()) {
    for (let j = 0; j < n; j++) frames.setAt([i, targets.at(i, j).item(), fl.slice(3 * j, 3 * j + 2)], 2);
  }
  const ctc = new nn.CTCLoss({ zeroInfinity: true });
  const optimizer = new fl.optim.AdamW(reader.parameters(), { lr: 0.02 });
  for (let step = 0; step < 6; step++) {
    const logProbs = reader(frames);
    const loss = ctc(logProbs, targets, fl.full([3], 14), fl.tensor(lengths));
    optimizer.zeroGrad();
    loss.backward();
    const norm = nn.utils.clipGradNorm_([...reader.parameters()], 2, { normType: "inf" });
    optimizer.step();
    log("loss", [loss.item(), norm.item()]);
  }
  reader.eval();
  const best = fl
    .noGrad(() => reader(frames))
    .argmax(-1)
    .t();
  for (const row of best.unbind()) {
    const collapsed = fl.uniqueConsecutive(row);
    log("read", collapsed.at(collapsed.ne(0)).tolist() as number[]);
  }
}
