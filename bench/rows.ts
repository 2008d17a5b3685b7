// What is timed: the suite. The names and the work are those of every library's own file (ours.ts, peers/).

/** A row of the table, and what is known of its work beforehand. */
export interface Row {
  readonly name: string;
  readonly group: string;
  /** Ours ÷ native PyTorch that is aimed at, on as many threads; none for a row that is only watched. */
  readonly goal?: number;
  /** Floating point operations of one run, where they say more than a time. */
  readonly flops?: number;
  /** Bytes that one run has to read and write at the least. */
  readonly bytes?: number;
  /** Products are of float64: half as many lanes. */
  readonly double?: true;
}

const F32 = 4;
const LARGE = 4096 * 1024 * F32;
const SQUARE = 1024 * 1024 * F32;

const matmul = (name: string, flops: number, goal: number, more: Partial<Row> = {}): Row => ({
  group: "products",
  name,
  flops,
  goal,
  ...more,
});

/** A convolution and, where a goal of theirs is stated, its three gradients together with it: thrice the work. */
const conv = (name: string, flops: number, goal: number, both?: number): Row[] => [
  { group: "convolutions", name, flops, goal },
  ...(both === undefined ? [] : [{ group: "convolutions", name: `${name}_fb`, flops: 3 * flops, goal: both }]),
];

/** `forward` and `both` count how often the large operand passes through memory. */
const rowwise = (name: string, forward: number, both: number): Row[] => [
  { group: "rows", name, bytes: forward * LARGE, goal: 1 },
  { group: "rows", name: `${name}_fb`, bytes: both * LARGE, goal: 1 },
];

const attention = (name: string, t: number): Row[] => [
  // Causal: half of the pairs. Backward computes the scores again and four more products.
  { group: "attention", name, flops: 12 * 2 * t * t * 64, goal: 1.5 },
  { group: "attention", name: `${name}_fb`, flops: 12 * 7 * t * t * 64, goal: 1.5 },
];

const moved = (name: string, bytes: number, goal = 1): Row => ({ group: "memory", name, bytes, goal });

const POINTWISE = ["add", "mul", "exp", "tanh", "sigmoid", "gelu", "erf", "log", "pow"];
const BINARY = ["add", "mul", "pow"];

export const rows: readonly Row[] = [
  matmul("matmul_64", 2 * 64 ** 3, 1),
  matmul("matmul_128", 2 * 128 ** 3, 1.4),
  ...[256, 512, 1024, 2048].map((n) => matmul(`matmul_${n}`, 2 * n ** 3, 1.6)),
  matmul("matmul_512_bt", 2 * 512 ** 3, 1.6),
  matmul("matmul_512_f64", 2 * 512 ** 3, 1.6, { double: true }),
  { group: "products", name: "matmul_512_int8" },
  matmul("linear_32_768_3072", 2 * 32 * 768 * 3072, 1.5),
  { group: "products", name: "gemv_4096", bytes: 4096 * 4096 * F32, goal: 1.1 },
  matmul("bmm_12_128_64", 2 * 12 * 128 * 64 * 128, 1.5),

  ...conv("conv_64_64_3x3_56", 2 * 64 * 64 * 9 * 56 * 56, 1.7, 1.7),
  ...conv("conv_3_64_7x7s2_224", 2 * 3 * 64 * 49 * 112 * 112, 1.7, 1.7),
  ...conv("conv_dw_128_3x3_56", 2 * 128 * 9 * 56 * 56, 1, 1.7),
  ...conv("conv_128_128_1x1_56", 2 * 128 * 128 * 56 * 56, 1.6, 1.7),
  // LeNet's two over a batch of 64.
  ...conv("conv_lenet_1", 2 * 64 * 6 * 25 * 28 * 28, 1.7),
  ...conv("conv_lenet_2", 2 * 64 * 16 * 6 * 25 * 10 * 10, 1.7),
  { group: "convolutions", name: "maxpool_2", bytes: 1.25 * 8 * 64 * 56 * 56 * F32, goal: 1 },
  { group: "convolutions", name: "avgpool_2", bytes: 1.25 * 8 * 64 * 56 * 56 * F32, goal: 1 },

  ...["1e3", "1e5", "1e7"].flatMap((n) =>
    POINTWISE.map((name) => ({
      group: "pointwise",
      name: `${name}_${n}`,
      bytes: (BINARY.includes(name) ? 3 : 2) * F32 * Number(n),
      goal: { "1e3": 0.5, "1e5": 1, "1e7": 0.6 }[n]!,
    })),
  ),
  { group: "pointwise", name: "add_broadcast_row", bytes: 2 * SQUARE, goal: 1 },
  { group: "pointwise", name: "add_broadcast_col", bytes: 2 * SQUARE, goal: 1 },
  // Six eager operators: four of one operand, two of two.
  { group: "pointwise", name: "chain6_1e6", bytes: (4 * 2 + 2 * 3) * F32 * 1e6, goal: 1.2 },

  { group: "rows", name: "sum_1e7", bytes: F32 * 1e7, goal: 1 },
  { group: "rows", name: "sum_rows", bytes: LARGE, goal: 1 },
  { group: "rows", name: "sum_cols", bytes: LARGE, goal: 1 },
  { group: "rows", name: "var_rows", bytes: LARGE, goal: 1 },
  { group: "rows", name: "argmax_rows", bytes: LARGE, goal: 0.5 },
  ...rowwise("softmax_4096_1024", 2, 5),
  ...rowwise("log_softmax_4096_1024", 2, 5),
  ...rowwise("layer_norm_4096_1024", 2, 5),

  moved("cumsum_1e6", 2 * F32 * 1e6),
  moved("sort_1e6", 4 * F32 * 1e6, 0.6),
  moved("topk100_1e6", F32 * 1e6, 0.4),
  moved("transpose_2048", 2 * F32 * 2048 * 2048),
  moved("permute_nhwc", 2 * F32 * 8 * 64 * 56 * 56),
  moved("cat_1", 4 * F32 * 1e6),
  moved("gather_1e6", (8 + 2 * F32) * 1e6),
  moved("embedding", 2 * F32 * 4096 * 128),
  // The gradient is dense: all of its 50,000 rows are written.
  moved("embedding_fb", F32 * 128 * (4 * 4096 + 50000)),

  ...attention("sdpa_causal_12x128x64", 128),
  ...attention("sdpa_causal_12x1024x64", 1024),

  { group: "dispatch", name: "add4", goal: 0.2 },
  { group: "dispatch", name: "add4_tape" },
  { group: "dispatch", name: "add4_fb", goal: 0.2 },
  { group: "dispatch", name: "view4", goal: 0.2 },

  // Training: forward, and twice the same backward, but for the gradient by the data.
  { group: "training", name: "train_mlp", flops: 64 * 2 * (2 * 784 * 256 + 3 * (256 * 128 + 128 * 10)), goal: 1 },
  { group: "training", name: "train_mlp_sgd" },
  {
    group: "training",
    name: "train_lenet",
    flops: 64 * 2 * (2 * 6 * 25 * 784 + 3 * (16 * 150 * 100 + 400 * 120 + 120 * 84 + 840)),
    goal: 1.2,
  },
  {
    group: "training",
    name: "train_gpt",
    flops: 512 * 6 * (4 * 12 * 128 ** 2 + 128 * 65) + 4 * 8 * 4 * 64 ** 2 * 32 * 9,
    goal: 1.2,
  },
  { group: "training", name: "train_lstm", flops: 64 * 28 * 6 * 256 * (32 + 3 * 64), goal: 1 },
];

/** What a library's file answers: for each row that it has, how to set it up. */
export interface Library {
  /** Name and version, as printed. */
  readonly name: string;
  readonly rows: Readonly<Record<string, () => Timed | Promise<Timed>>>;
  /** From now on this many threads at the most run, for a library that can change it. */
  use?(threads: number): void;
  /** The most bytes of tensors at a time while `f` runs, for a library that can tell. */
  peak?(f: () => unknown): number;
}

/** A row that is set up. */
export interface Timed {
  /** The work. A promise is awaited inside the measured time. */
  run(): unknown;
  /** How many times `run` does the work; 1 if absent. */
  readonly times?: number;
  /** A few numbers of the result, to see that all libraries computed the same. */
  probe(): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Frees what the row holds. */
  done?(): void;
}

/** What a library's file is given. */
export interface Setting {
  readonly threads: number;
  readonly noise: typeof noise;
}

/**
 * `n` numbers in [-1, 1) that look random and are the same in every library: the fraction of a large sine, in double
 * precision. `seed` keeps two inputs apart.
 */
export function noise(n: number, seed: number, scale = 1): Float32Array {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const s = Math.sin(i + 1000 * seed) * 43758.5453;
    out[i] = scale * (2 * (s - Math.floor(s)) - 1);
  }
  return out;
}
