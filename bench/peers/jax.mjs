// jax-js: its WASM backend, jitted. In Node it has one thread (it wants a global Worker).
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { versionOf } from "./onnx.mjs";

export default async function open({ threads, noise }) {
  if (threads !== 1) throw new Error("its WASM backend has one thread in Node");
  await init("wasm");
  defaultDevice("wasm");

  const input = (shape, seed, scale) =>
    np
      .array(
        noise(
          shape.reduce((a, b) => a * b, 1),
          seed,
          scale,
        ),
      )
      .reshape(shape);
  /** A jitted function of constant arrays: a call consumes a reference of each. */
  const jitted = (f, ...arrays) => {
    const compiled = jit(f);
    const call = () => compiled(...arrays.map((a) => a.ref));
    return {
      run: async () => (await blockUntilReady(call())).dispose(),
      probe: () => call().data(),
      done: () => tree.dispose(arrays),
    };
  };
  const layerNorm = (x, w, b) => nn.standardize(x, 1, { epsilon: 1e-5 }).mul(w).add(b);
  const conv = (pad) => (x, w) =>
    lax.convGeneralDilated(
      x,
      w,
      [1, 1],
      [
        [pad, pad],
        [pad, pad],
      ],
    );

  const labels = () =>
    nn.oneHot(
      np.array(
        Array.from({ length: 64 }, (_, i) => i % 10),
        { dtype: np.int32 },
      ),
      10,
    );
  const crossEntropy = (logits, targets) => nn.logSoftmax(logits, -1).mul(targets).sum().div(-64);
  const linear = (x, w, b) => np.matmul(x, w.transpose()).add(b);
  const mlp = {
    shapes: [[256, 784], [256], [128, 256], [128], [10, 128], [10]],
    x: [64, 784],
    forward: ([w1, b1, w2, b2, w3, b3], x) => linear(nn.relu(linear(nn.relu(linear(x, w1, b1)), w2, b2)), w3, b3),
  };
  const pool = (x) => {
    const [b, c, h, w] = x.shape;
    return x.reshape([b, c, h / 2, 2, w / 2, 2]).max([3, 5]);
  };
  const lenet = {
    shapes: [[6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [10, 84], [10]],
    x: [64, 1, 28, 28],
    forward: ([k1, c1, k2, c2, w1, b1, w2, b2, w3, b3], x) => {
      const h1 = pool(nn.relu(conv(2)(x, k1).add(c1.reshape([6, 1, 1]))));
      const h2 = pool(nn.relu(conv(0)(h1, k2).add(c2.reshape([16, 1, 1]))));
      return linear(nn.relu(linear(nn.relu(linear(h2.reshape([64, 400]), w1, b1)), w2, b2)), w3, b3);
    },
  };
  const sgd = {
    state: () => [],
    step: (parameters, gradients) => [parameters.map((p, i) => p.sub(gradients[i].mul(0.01))), []],
  };
  const adam = {
    state: (parameters) => [np.ones([]), ...parameters.flatMap((p) => [np.zeros(p.shape), np.zeros(p.shape)])],
    step: (parameters, gradients, [t, ...moments]) => {
      const next = [];
      const state = [t.ref.add(1)];
      parameters.forEach((p, i) => {
        const g = gradients[i];
        const m = moments[2 * i].mul(0.9).add(g.ref.mul(0.1));
        const v = moments[2 * i + 1].mul(0.999).add(np.square(g).mul(0.001));
        const mHat = m.ref.div(np.subtract(1, np.power(0.9, t.ref)));
        const vHat = v.ref.div(np.subtract(1, np.power(0.999, t.ref)));
        next.push(p.sub(mHat.div(np.sqrt(vHat).add(1e-8)).mul(1e-3)));
        state.push(m, v);
      });
      t.dispose();
      return [next, state];
    },
  };
  const training = ({ shapes, x: xShape, forward }, optimizer) => {
    const scaleOf = (shape) => (shape.length === 1 ? 0 : 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1)));
    let parameters = shapes.map((shape, i) => input(shape, i / 2 + 1, scaleOf(shape)));
    let state = optimizer.state(parameters);
    const x = input(xShape, 9);
    const targets = labels();
    const lossOf = (p, x, targets) => crossEntropy(forward(p, x), targets);
    const step = jit((parameters, state, x, targets) => {
      const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(parameters), x, targets);
      const [next, nextState] = optimizer.step(parameters, gradients, state);
      return [loss, next, nextState];
    });
    const once = () => {
      const [loss, next, nextState] = step(parameters, state, x.ref, targets.ref);
      parameters = next;
      state = nextState;
      return loss;
    };
    return {
      run: async () => {
        const loss = once();
        await blockUntilReady([loss, ...parameters]);
        loss.dispose();
      },
      probe: async () => {
        const losses = [];
        for (let i = 0; i < 3; i++) losses.push((await once().data())[0]);
        return losses;
      },
      done: () => tree.dispose([parameters, state, x, targets]),
    };
  };

  const positive = (n, seed) => input([n], seed, 0.5).add(1);
  const matrix = () => input([4096, 1024], 1);
  const erf = (x) => lax.erf(x);

  const rows = {
    gemv_4096: () => jitted(np.matmul, input([4096, 4096], 1), input([4096], 2)),
    linear_32_768_3072: () => jitted(linear, input([32, 768], 1), input([3072, 768], 2), input([3072], 3)),
    bmm_12_128_64: () => jitted(np.matmul, input([12, 128, 64], 1), input([12, 64, 128], 2)),
    conv_64_64_3x3_56: () => jitted(conv(1), input([1, 64, 56, 56], 1), input([64, 64, 3, 3], 2, 0.1)),
    conv_128_128_1x1_56: () => jitted(conv(0), input([1, 128, 56, 56], 1), input([128, 128, 1, 1], 2, 0.1)),
    conv_lenet_1: () => jitted(conv(2), input([64, 1, 28, 28], 1), input([6, 1, 5, 5], 2, 0.1)),
    conv_lenet_2: () => jitted(conv(0), input([64, 6, 14, 14], 1), input([16, 6, 5, 5], 2, 0.1)),
    add_broadcast_row: () => jitted(np.add, input([1024, 1024], 1), input([1024], 2)),
    add_broadcast_col: () => jitted(np.add, input([1024, 1024], 1), input([1024, 1], 2)),
    chain6_1e6: () => jitted((x) => nn.sigmoid(np.sin(x.ref.mul(2).add(1)).mul(x.ref)).sub(x), positive(1e6, 1)),
    sum_1e7: () => jitted((x) => np.sum(x), input([1e7], 1)),
    sum_rows: () => jitted((x) => np.sum(x, 1), matrix()),
    sum_cols: () => jitted((x) => np.sum(x, 0), matrix()),
    argmax_rows: () => jitted((x) => np.argmax(x, 1), matrix()),
    softmax_4096_1024: () => jitted((x) => nn.softmax(x, 1), matrix()),
    log_softmax_4096_1024: () => jitted((x) => nn.logSoftmax(x, 1), matrix()),
    layer_norm_4096_1024: () => jitted(layerNorm, matrix(), input([1024], 2), input([1024], 3)),
    sort_1e6: () => jitted((x) => np.sort(x), input([1e6], 1)),
    transpose_2048: () => jitted((x) => np.transpose(x), input([2048, 2048], 1)),
    permute_nhwc: () => jitted((x) => np.transpose(x, [0, 2, 3, 1]), input([8, 64, 56, 56], 1)),
    cat_1: () => jitted((a, b) => np.concatenate([a, b], 1), input([1000, 1000], 1), input([1000, 1000], 2)),
    add4: () => jitted(np.add, input([4], 1), input([4], 2)),
    view4: () => jitted((x) => x.reshape([2, 2]), input([4], 1)),
    train_mlp: () => training(mlp, adam),
    train_mlp_sgd: () => training(mlp, sgd),
    train_lenet: () => training(lenet, adam),
  };
  for (const n of [64, 128, 256, 512, 1024, 2048])
    rows[`matmul_${n}`] = () => jitted(np.matmul, input([n, n], 1), input([n, n], 2));
  for (const n of ["1e3", "1e5", "1e7"]) {
    const gelu = (x) => nn.gelu(x, { approximate: false });
    for (const [name, f] of Object.entries({ exp: np.exp, tanh: np.tanh, sigmoid: nn.sigmoid, gelu, erf, log: np.log }))
      rows[`${name}_${n}`] = () => jitted(f, positive(Number(n), 1));
    for (const [name, f] of Object.entries({ add: np.add, mul: np.multiply, pow: np.power }))
      rows[`${name}_${n}`] = () => jitted(f, positive(Number(n), 1), positive(Number(n), 2));
  }
  return { name: `jax-js ${versionOf("@jax-js/jax")}`, rows };
}
