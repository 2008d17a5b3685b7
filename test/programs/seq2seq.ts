// Reversing sequences: a GRU that reads packed ones, attention over what it read, a cell that writes, teacher forcing.
import type { Tensor } from "flambeau";
import type { Flambeau, Log } from "./program.ts";

const [PAD, START, WORDS, SIZE] = [0, 1, 9, 12];

export default function run(fl: Flambeau, log: Log): void {
  const { nn } = fl;
  const { packPaddedSequence, padPackedSequence, padSequence } = nn.utils.rnn;
  class Encoder extends nn.Module {
    embedding = new nn.Embedding(WORDS, SIZE, { paddingIdx: PAD });
    gru = new nn.GRU(SIZE, SIZE, { bidirectional: true, batchFirst: true });
    fc = new nn.Linear(2 * SIZE, SIZE);
    forward(source: Tensor, lengths: Tensor): [outputs: Tensor, hidden: Tensor] {
      const packed = packPaddedSequence(this.embedding(source), lengths, { batchFirst: true, enforceSorted: false });
      const [output, hidden] = this.gru(packed);
      const [padded] = padPackedSequence(output, { batchFirst: true });
      return [padded, this.fc(fl.cat([hidden.at(-2), hidden.at(-1)], 1)).tanh()];
    }
  }
  class Attention extends nn.Module {
    attn = new nn.Linear(3 * SIZE, SIZE);
    v = new nn.Linear(SIZE, 1, { bias: false });
    forward(hidden: Tensor, outputs: Tensor, mask: Tensor): Tensor {
      const steps = outputs.shape[1]!;
      const repeated = hidden.unsqueeze(1).repeat(1, steps, 1);
      const energy = this.attn(fl.cat([repeated, outputs], { dim: 2 })).tanh();
      return this.v(energy).squeeze(2).maskedFill(mask.eq(0), -1e10).softmax({ dim: 1 });
    }
  }
  class Decoder extends nn.Module {
    embedding = new nn.Embedding(WORDS, SIZE);
    attention = new Attention();
    cell = new nn.GRUCell(3 * SIZE, SIZE);
    out = new nn.Linear(SIZE, WORDS);
    forward(word: Tensor, hidden: Tensor, outputs: Tensor, mask: Tensor): [logits: Tensor, hidden: Tensor] {
      const a = this.attention(hidden, outputs, mask).unsqueeze(1);
      const context = fl.bmm(a, outputs).squeeze(1);
      const next = this.cell(fl.cat([this.embedding(word), context], 1), hidden);
      return [this.out(next), next];
    }
  }
  fl.manualSeed(77);
  const encoder = new Encoder();
  const decoder = new Decoder();
  log.params("encoder", encoder);
  log.params("decoder", decoder);
  const sizes = [5, 3, 6, 2];
  const sequences = sizes.map((n) => fl.randint(2, WORDS, [n]));
  const source = padSequence(sequences, { batchFirst: true, paddingValue: PAD });
  const target = padSequence(
    sequences.map((s) => s.flip(0)),
    true,
    PAD,
  );
  const optimizer = new fl.optim.Adam([...encoder.parameters(), ...decoder.parameters()], { lr: 5e-3 });
  const criterion = new nn.CrossEntropyLoss({ ignoreIndex: PAD });
  for (let step = 0; step < 8; step++) {
    const [outputs, first] = encoder(source, fl.tensor(sizes));
    let hidden = first;
    let word = fl.full([sizes.length], START);
    const logits: Tensor[] = [];
    for (let t = 0; t < target.size(1); t++) {
      const [out, next] = decoder(word, hidden, outputs, source.ne(PAD));
      logits.push(out);
      hidden = next;
      const forced = fl.rand(1).item() < 0.5;
      word = forced ? target.at(":", t) : out.argmax(1);
    }
    const loss = criterion(fl.stack(logits, 1).view(-1, WORDS), target.reshape(-1));
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(encoder.parameters(), { maxNorm: 1 });
    optimizer.step();
    log("loss", loss.item());
  }
  log("padding", encoder.embedding.weight.at(PAD));
}
