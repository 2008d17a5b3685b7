// What is timed. The names and the work are those of every library's own file (ours.ts, peers/).

/** A row of the table: its name, and how much work one run does where a rate says more than a time. */
export interface Row {
  readonly name: string;
  readonly flops?: number;
  readonly bytes?: number;
}

const F32 = 4;

export const rows: readonly Row[] = [
  ...[64, 128, 256, 512, 1024].map((n) => ({ name: `matmul_${n}`, flops: 2 * n ** 3 })),
  { name: "conv_64_64_3x3_56", flops: 2 * 64 * 64 * 9 * 56 * 56 },
  // LeNet's two convolutions over a batch of 64.
  { name: "conv_lenet_1", flops: 2 * 64 * 6 * 25 * 28 * 28 },
  { name: "conv_lenet_2", flops: 2 * 64 * 16 * 6 * 25 * 10 * 10 },
  ...["1e3", "1e6"].flatMap((n) => [
    { name: `add_${n}`, bytes: 3 * F32 * Number(n) },
    { name: `exp_${n}`, bytes: 2 * F32 * Number(n) },
    { name: `gelu_${n}`, bytes: 2 * F32 * Number(n) },
  ]),
  { name: "softmax_4096_1024", bytes: 2 * F32 * 4096 * 1024 },
  { name: "layer_norm_4096_1024", bytes: 2 * F32 * 4096 * 1024 },
  { name: "add4" },
  { name: "add4_tape" },
  { name: "view4" },
  { name: "train_mlp_sgd" },
  { name: "train_mlp_adam" },
  { name: "train_lenet_adam" },
];

/** What one library's file answers: for each row that it has, how to set it up. */
export interface Library {
  /** Name and version, as printed. */
  readonly name: string;
  readonly rows: Readonly<Record<string, () => Timed | Promise<Timed>>>;
}

/** A row that is set up. */
export interface Timed {
  /** The work. A promise is awaited inside the measured time. */
  run(): unknown;
  /** How many times `run` does the work; 1 if absent. */
  readonly times?: number;
  /** A few numbers of the result, to see that all libraries computed the same. */
  probe(): Float32Array | readonly number[] | Promise<Float32Array | readonly number[]>;
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
