import * as fl from "flambeau";
import { test } from "uvu";
import * as assert from "uvu/assert";

const { nn } = fl;
const { packPaddedSequence, padPackedSequence, packSequence, unpackSequence, padSequence } = nn.utils.rnn;

const near = (a: fl.Tensor, b: fl.Tensor): void => assert.ok(fl.allclose(a, b, { atol: 1e-6 }), `${a}\n${b}`);

// An LSTM's state is a pair; all else is alike.
const kinds = [nn.RNN, nn.LSTM, nn.GRU] as unknown as readonly (new (
  ...args: ConstructorParameters<typeof nn.GRU>
) => (input: unknown) => [unknown, fl.Tensor | fl.Tensor[]])[];
for (const Class of kinds) {
  test(`${Class.name}: a packed sequence is each sequence on its own, both ways`, () => {
    fl.manualSeed(0);
    const rnn = new Class(3, 4, { numLayers: 2, bidirectional: true });
    const x = fl.randn(5, 3, 3);
    const lengths = [2, 5, 3];
    const [packed, last] = rnn(packPaddedSequence(x, lengths, { enforceSorted: false }));
    const [padded, back] = padPackedSequence(packed as InstanceType<typeof nn.utils.rnn.PackedSequence>);
    assert.equal(back.tolist(), lengths);
    const states = Array.isArray(last) ? last : [last];
    for (const [i, length] of lengths.entries()) {
      const [alone, end] = rnn(x.narrow(1, i, 1).narrow(0, 0, length).squeeze(1));
      near(padded.select(1, i).narrow(0, 0, length), alone as fl.Tensor);
      const ends = Array.isArray(end) ? end : [end];
      for (const [k, state] of states.entries()) near(state.select(1, i), ends[k]!);
    }
    assert.is(fl.sum(padded.select(1, 0).narrow(0, 2, 3)).item(), 0);
  });
}

test("sequences go there and back", () => {
  const sequences = [fl.tensor([1, 2, 3]), fl.tensor([4]), fl.tensor([5, 6])];
  assert.equal(padSequence(sequences, { batchFirst: true, paddingValue: -1 }).tolist(), [
    [1, 2, 3],
    [4, -1, -1],
    [5, 6, -1],
  ]);
  assert.equal(padSequence(sequences, true, 0, "left").tolist(), [
    [1, 2, 3],
    [0, 0, 4],
    [0, 5, 6],
  ]);
  const packed = packSequence(sequences, false);
  assert.equal(packed.data.tolist(), [1, 5, 4, 2, 6, 3]);
  assert.equal(packed.batchSizes.tolist(), [3, 2, 1]);
  assert.equal(
    unpackSequence(packed).map((x) => x.tolist()),
    sequences.map((x) => x.tolist()),
  );
  assert.throws(() => packSequence(sequences), /must be in decreasing order/);
});

test("states are named as in PyTorch, and may be given", () => {
  const lstm = new nn.LSTM(3, 4, { bidirectional: true, projSize: 2, bias: false });
  assert.equal(Object.keys(lstm.stateDict()), [
    "weight_ih_l0",
    "weight_hh_l0",
    "weight_hr_l0",
    "weight_ih_l0_reverse",
    "weight_hh_l0_reverse",
    "weight_hr_l0_reverse",
  ]);
  assert.is(String(lstm), "LSTM(3, 4, proj_size=2, bias=False, bidirectional=True)");
  assert.is(lstm.allWeights.length, 2);
  const rnn = new nn.GRU(3, 4);
  const x = fl.randn(6, 2, 3);
  const [first, between] = rnn(x.narrow(0, 0, 2));
  const [second] = rnn(x.narrow(0, 2, 4), between);
  near(fl.cat([first, second]), rnn(x)[0]);
  assert.throws(() => rnn(x, fl.zeros(1, 3, 4)), /Expected hidden size/);
  assert.throws(() => rnn(fl.zeros(6, 2, 5)), /must be equal to input_size/);
});

test("layers of a stack begin alike and train apart", () => {
  const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2, 16), 2);
  const state = encoder.stateDict();
  near(state["layers.0.linear1.weight"]!, state["layers.1.linear1.weight"]!);
  fl.noGrad(() => encoder.getParameter("layers.0.linear1.weight").zero_());
  assert.is.not(fl.sum(state["layers.1.linear1.weight"]!.abs()).item(), 0);
  assert.match(String(encoder), /\(0-1\): 2 x TransformerEncoderLayer/);
});

test("a causal mask hides what comes later, as a mask and as a hint", () => {
  fl.manualSeed(0);
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
  const x = fl.randn(2, 5, 8);
  const attnMask = nn.Transformer.generateSquareSubsequentMask(5);
  const [output, weights] = attention(x, x, x, { attnMask });
  assert.is(fl.sum(fl.triu(weights!, 1)).item(), 0);
  near(attention(x, x, x, { attnMask, needWeights: false })[0], output);
  near(attention(x, x, x, { attnMask, needWeights: false, isCausal: true })[0], output);
  const [masked] = attention(x, x, x, { attnMask: fl.ne(attnMask, 0), averageAttnWeights: false });
  near(masked, output);
  assert.throws(() => attention(x, x, x, { isCausal: true }), /Need attn_mask/);
});

test("where nothing is trained, an encoder gives zeros for padding, as PyTorch does", () => {
  const layer = new nn.TransformerEncoderLayer(8, 2, 16, { batchFirst: true });
  const encoder = new nn.TransformerEncoder(layer, 1).eval();
  const padding = fl.tensor([[false, false, true]]);
  const call = (): fl.Tensor => encoder(fl.ones(1, 3, 8), { srcKeyPaddingMask: padding });
  assert.is(fl.sum(fl.noGrad(call).select(1, 2).abs()).item(), 0);
  assert.is.not(fl.sum(call().select(1, 2).abs()).item(), 0);
});

test.run();
