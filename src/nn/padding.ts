import { type Arguments, keywords } from "../op/index.ts";
import { pad } from "../ops/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { fields, py } from "./repr.ts";

/** One width for all sides, or pairs of widths before and after a dim, beginning at the last. */
export type Widths = number | readonly number[];

interface PadOptions {
  padding: Widths;
}
type PadArguments = Arguments<PadOptions, [padding: Widths]>;
interface ConstantOptions extends PadOptions {
  value: number;
}
type ConstantArguments = Arguments<ConstantOptions, [padding: Widths, value: number]>;

/** What layers that add borders share. */
abstract class Padding extends Layer {
  readonly padding: readonly number[];

  constructor(dims: number, padding: Widths) {
    super();
    this.padding = typeof padding === "number" ? new Array<number>(2 * dims).fill(padding) : padding;
  }

  override extraRepr(): string {
    return py(this.padding);
  }
}

abstract class ConstantPad extends Padding {
  readonly value: number;

  constructor(dims: number, { padding, value }: ConstantOptions) {
    super(dims, padding);
    this.value = value;
  }

  forward(input: Tensor): Tensor {
    return pad(input, this.padding, "constant", this.value);
  }

  override extraRepr(): string {
    return fields({ padding: py(this.padding), value: py(this.value) });
  }
}

abstract class ZeroPad extends Padding {
  forward(input: Tensor): Tensor {
    return pad(input, this.padding);
  }
}

abstract class ReflectionPad extends Padding {
  forward(input: Tensor): Tensor {
    return pad(input, this.padding, "reflect");
  }
}

abstract class ReplicationPad extends Padding {
  forward(input: Tensor): Tensor {
    return pad(input, this.padding, "replicate");
  }
}

abstract class CircularPad extends Padding {
  forward(input: Tensor): Tensor {
    return pad(input, this.padding, "circular");
  }
}

const bindConstantPad1d = /* @__PURE__ */ keywords<ConstantOptions>("ConstantPad1d", "padding, value");
const bindConstantPad2d = /* @__PURE__ */ keywords<ConstantOptions>("ConstantPad2d", "padding, value");
const bindConstantPad3d = /* @__PURE__ */ keywords<ConstantOptions>("ConstantPad3d", "padding, value");
const bindZeroPad1d = /* @__PURE__ */ keywords<PadOptions>("ZeroPad1d", "padding");
const bindZeroPad2d = /* @__PURE__ */ keywords<PadOptions>("ZeroPad2d", "padding");
const bindZeroPad3d = /* @__PURE__ */ keywords<PadOptions>("ZeroPad3d", "padding");
const bindReflectionPad1d = /* @__PURE__ */ keywords<PadOptions>("ReflectionPad1d", "padding");
const bindReflectionPad2d = /* @__PURE__ */ keywords<PadOptions>("ReflectionPad2d", "padding");
const bindReflectionPad3d = /* @__PURE__ */ keywords<PadOptions>("ReflectionPad3d", "padding");
const bindReplicationPad1d = /* @__PURE__ */ keywords<PadOptions>("ReplicationPad1d", "padding");
const bindReplicationPad2d = /* @__PURE__ */ keywords<PadOptions>("ReplicationPad2d", "padding");
const bindReplicationPad3d = /* @__PURE__ */ keywords<PadOptions>("ReplicationPad3d", "padding");
const bindCircularPad1d = /* @__PURE__ */ keywords<PadOptions>("CircularPad1d", "padding");
const bindCircularPad2d = /* @__PURE__ */ keywords<PadOptions>("CircularPad2d", "padding");
const bindCircularPad3d = /* @__PURE__ */ keywords<PadOptions>("CircularPad3d", "padding");

/**
 * Borders around the last dim: the same `value`. Negative widths cut.
 *
 * @example
 * new nn.ConstantPad1d(1, 3.5)(randn(2, 4, 5)).shape // [2, 4, 7]
 */
export class ConstantPad1d extends ConstantPad {
  constructor(...args: ConstantArguments) {
    super(1, bindConstantPad1d(args));
  }
}

/**
 * Borders around the last two dims: the same `value`. Negative widths cut.
 *
 * @example
 * new nn.ConstantPad2d(1, 3.5)(randn(2, 4, 5, 5)).shape // [2, 4, 7, 7]
 */
export class ConstantPad2d extends ConstantPad {
  constructor(...args: ConstantArguments) {
    super(2, bindConstantPad2d(args));
  }
}

/**
 * Borders around the last three dims: the same `value`. Negative widths cut.
 *
 * @example
 * new nn.ConstantPad3d(1, 3.5)(randn(2, 4, 5, 5, 5)).shape // [2, 4, 7, 7, 7]
 */
export class ConstantPad3d extends ConstantPad {
  constructor(...args: ConstantArguments) {
    super(3, bindConstantPad3d(args));
  }
}

/**
 * Borders around the last dim: zeros. Negative widths cut.
 *
 * @example
 * new nn.ZeroPad1d(1)(randn(2, 4, 5)).shape // [2, 4, 7]
 */
export class ZeroPad1d extends ZeroPad {
  constructor(...args: PadArguments) {
    super(1, bindZeroPad1d(args).padding);
  }
}

/**
 * Borders around the last two dims: zeros. Negative widths cut.
 *
 * @example
 * new nn.ZeroPad2d(1)(randn(2, 4, 5, 5)).shape // [2, 4, 7, 7]
 */
export class ZeroPad2d extends ZeroPad {
  constructor(...args: PadArguments) {
    super(2, bindZeroPad2d(args).padding);
  }
}

/**
 * Borders around the last three dims: zeros. Negative widths cut.
 *
 * @example
 * new nn.ZeroPad3d(1)(randn(2, 4, 5, 5, 5)).shape // [2, 4, 7, 7, 7]
 */
export class ZeroPad3d extends ZeroPad {
  constructor(...args: PadArguments) {
    super(3, bindZeroPad3d(args).padding);
  }
}

/**
 * Borders around the last dim: the elements mirrored at the edge, which is not repeated. Negative widths cut.
 *
 * @example
 * new nn.ReflectionPad1d(1)(randn(2, 4, 5)).shape // [2, 4, 7]
 */
export class ReflectionPad1d extends ReflectionPad {
  constructor(...args: PadArguments) {
    super(1, bindReflectionPad1d(args).padding);
  }
}

/**
 * Borders around the last two dims: the elements mirrored at the edge, which is not repeated. Negative widths cut.
 *
 * @example
 * new nn.ReflectionPad2d(1)(randn(2, 4, 5, 5)).shape // [2, 4, 7, 7]
 */
export class ReflectionPad2d extends ReflectionPad {
  constructor(...args: PadArguments) {
    super(2, bindReflectionPad2d(args).padding);
  }
}

/**
 * Borders around the last three dims: the elements mirrored at the edge, which is not repeated. Negative widths cut.
 *
 * @example
 * new nn.ReflectionPad3d(1)(randn(2, 4, 5, 5, 5)).shape // [2, 4, 7, 7, 7]
 */
export class ReflectionPad3d extends ReflectionPad {
  constructor(...args: PadArguments) {
    super(3, bindReflectionPad3d(args).padding);
  }
}

/**
 * Borders around the last dim: the edge itself. Negative widths cut.
 *
 * @example
 * new nn.ReplicationPad1d(1)(randn(2, 4, 5)).shape // [2, 4, 7]
 */
export class ReplicationPad1d extends ReplicationPad {
  constructor(...args: PadArguments) {
    super(1, bindReplicationPad1d(args).padding);
  }
}

/**
 * Borders around the last two dims: the edge itself. Negative widths cut.
 *
 * @example
 * new nn.ReplicationPad2d(1)(randn(2, 4, 5, 5)).shape // [2, 4, 7, 7]
 */
export class ReplicationPad2d extends ReplicationPad {
  constructor(...args: PadArguments) {
    super(2, bindReplicationPad2d(args).padding);
  }
}

/**
 * Borders around the last three dims: the edge itself. Negative widths cut.
 *
 * @example
 * new nn.ReplicationPad3d(1)(randn(2, 4, 5, 5, 5)).shape // [2, 4, 7, 7, 7]
 */
export class ReplicationPad3d extends ReplicationPad {
  constructor(...args: PadArguments) {
    super(3, bindReplicationPad3d(args).padding);
  }
}

/**
 * Borders around the last dim: what stands at the other end. Negative widths cut.
 *
 * @example
 * new nn.CircularPad1d(1)(randn(2, 4, 5)).shape // [2, 4, 7]
 */
export class CircularPad1d extends CircularPad {
  constructor(...args: PadArguments) {
    super(1, bindCircularPad1d(args).padding);
  }
}

/**
 * Borders around the last two dims: what stands at the other end. Negative widths cut.
 *
 * @example
 * new nn.CircularPad2d(1)(randn(2, 4, 5, 5)).shape // [2, 4, 7, 7]
 */
export class CircularPad2d extends CircularPad {
  constructor(...args: PadArguments) {
    super(2, bindCircularPad2d(args).padding);
  }
}

/**
 * Borders around the last three dims: what stands at the other end. Negative widths cut.
 *
 * @example
 * new nn.CircularPad3d(1)(randn(2, 4, 5, 5, 5)).shape // [2, 4, 7, 7, 7]
 */
export class CircularPad3d extends CircularPad {
  constructor(...args: PadArguments) {
    super(3, bindCircularPad3d(args).padding);
  }
}
