// The generator of random numbers: PyTorch's own on the CPU, so that a seed gives its numbers, and its saved states.

import { dense, FormatError, show, UINT8, ValueError } from "../core/index.ts";
import { backendOf } from "../device/index.ts";
import { bindArguments, Call, need, wrongArgument } from "../op/index.ts";
import { allocate, outside, readAllSync, Tensor, tensor } from "../tensor/index.ts";

/** Bytes of a state as the kernels keep it: assembly/random/mt19937.ts has its fields. */
const STATE = { bytes: 2560, words: 624, next: 2496, spare: 2504, spares: 2512, justSeeded: 625 } as const;
/** Bytes of a state as PyTorch saves it, and where its fields lie; a word takes eight bytes there. */
const SAVED = { bytes: 5056, seed: 0, left: 8, seeded: 12, next: 16, words: 24, spare: 5024, spares: 5040 } as const;
/** What PyTorch starts a generator of one's own with. */
const DEFAULT_SEED = 67280421310721n;

/** A stream of random numbers: `new fl.Generator().manualSeed(42)` gives PyTorch's. */
export class Generator {
  readonly device = "cpu";
  #seed: bigint;
  #state: Tensor | null = null;

  constructor(device: string = "cpu", seed: bigint = DEFAULT_SEED) {
    if (device !== "cpu") throw wrongArgument("Generator", "device", device, '"cpu"');
    this.#seed = seed;
  }

  /** The state in the device's memory. @internal */
  get state(): Tensor {
    this.#state ??= this.#started();
    return this.#state;
  }

  #started(): Tensor {
    const backend = backendOf("cpu", "Generator");
    const state = outside(() => allocate(backend, UINT8, dense([STATE.bytes])));
    start(state, this.#seed);
    return state;
  }

  /** Starts the stream of a seed; a negative one counts from 2^64. Returns this generator. */
  manualSeed(seed: number | bigint): this {
    this.#seed = seedOf(seed, "manualSeed");
    if (this.#state !== null) start(this.#state, this.#seed);
    return this;
  }

  /** Starts the stream of a seed that nobody can know, and returns it. */
  seed(): number | bigint {
    this.manualSeed(randomSeed());
    return this.initialSeed();
  }

  /** The seed that the stream started with: a bigint beyond the safe integers. */
  initialSeed(): number | bigint {
    return this.#seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.#seed) : this.#seed;
  }

  /** The place in the stream, as the bytes that PyTorch saves: uint8[5056]. */
  getState(): Tensor {
    const from = new DataView(readAllSync(this.state, "getState").buffer);
    const bytes = new Uint8Array(SAVED.bytes);
    const to = new DataView(bytes.buffer);
    const next = from.getInt32(STATE.next, true);
    const fresh = next === STATE.justSeeded;
    to.setBigUint64(SAVED.seed, this.#seed, true);
    to.setInt32(SAVED.left, fresh ? 1 : STATE.words + 1 - next, true);
    to.setInt32(SAVED.seeded, 1, true);
    to.setInt32(SAVED.next, fresh ? 0 : next, true);
    for (let i = 0; i < STATE.words; i++) to.setUint32(SAVED.words + 8 * i, from.getUint32(4 * i, true), true);
    if (from.getInt32(STATE.spares, true) !== 0) {
      to.setFloat64(SAVED.spare, from.getFloat64(STATE.spare, true), true);
      to.setInt32(SAVED.spares, 1, true);
    }
    return tensor(bytes);
  }

  /** Goes to a place that `getState` gave, here or in PyTorch. Returns this generator. */
  setState(state: Tensor): this {
    if (!(state instanceof Tensor) || state.code !== UINT8 || state.numel() !== SAVED.bytes) {
      throw new FormatError(
        `setState: ${state instanceof Tensor ? show(state) : String(state)} is no state: expected uint8[${SAVED.bytes}]`,
      );
    }
    const from = new DataView(readAllSync(state, "setState").buffer);
    const left = from.getInt32(SAVED.left, true);
    const next = from.getInt32(SAVED.next, true);
    const fresh = left === 1 && next === 0;
    if (!fresh && (next < 1 || next > STATE.words))
      throw new FormatError(`setState: the place in the stream is ${next}, beyond its words`);
    const bytes = new Uint8Array(STATE.bytes);
    const to = new DataView(bytes.buffer);
    to.setInt32(STATE.next, fresh ? STATE.justSeeded : next, true);
    for (let i = 0; i < STATE.words; i++) to.setUint32(4 * i, from.getUint32(SAVED.words + 8 * i, true), true);
    to.setFloat64(STATE.spare, from.getFloat64(SAVED.spare, true), true);
    to.setInt32(STATE.spares, from.getInt32(SAVED.spares, true), true);
    this.#seed = from.getBigUint64(SAVED.seed, true);
    const { backend, allocation } = this.state.storage;
    backend.write(allocation!, 0, bytes);
    return this;
  }
}

function start(state: Tensor, seed: bigint): void {
  const { backend } = state.storage;
  new Call(backend.command(need(backend, "seed_mt19937"))).tensor(state).long(BigInt.asIntN(64, seed)).run(1, 1);
}

function seedOf(seed: unknown, op: string): bigint {
  if ((typeof seed !== "number" || !Number.isInteger(seed)) && typeof seed !== "bigint")
    throw wrongArgument(op, "seed", seed, "an integer");
  const value = BigInt(seed as number | bigint);
  if (value >= 2n ** 64n || value < -(2n ** 63n)) throw new ValueError(`${op}: seed ${value} does not fit 64 bits`);
  return BigInt.asUintN(64, value);
}

/** 53 bits of the host's own randomness, as far as it goes. */
const randomSeed = (): bigint => BigInt(Math.floor(Math.random() * 2 ** 53));

let shared: Generator | null = null;

/** The generator that is used where none is named; its first seed is nobody's to know. */
export function defaultGenerator(): Generator {
  shared ??= new Generator("cpu", randomSeed());
  return shared;
}

/** A generator argument, or the default one. @internal */
export function generatorOf(generator: unknown, op: string): Generator {
  if (generator == null) return defaultGenerator();
  if (generator instanceof Generator) return generator;
  throw wrongArgument(op, "generator", generator, "a Generator");
}

/** Starts the default generator's stream of a seed, which gives PyTorch's numbers. Returns the generator. */
export function manualSeed(seed: number | bigint): Generator {
  const [value] = bindArguments("manualSeed", "seed", [seed]);
  return defaultGenerator().manualSeed(value as number | bigint);
}

/** Starts the default generator anew from a seed that nobody can know, and returns it. */
export function seed(): number | bigint {
  return defaultGenerator().seed();
}

/** The seed of the default generator. */
export function initialSeed(): number | bigint {
  return defaultGenerator().initialSeed();
}

/** The state of the default generator: see `Generator.getState`. */
export function getRngState(): Tensor {
  return defaultGenerator().getState();
}

/** Sets the state of the default generator: see `Generator.setState`. */
export function setRngState(state: Tensor): void {
  defaultGenerator().setState(state);
}
