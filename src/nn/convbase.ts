import { showValue, ValueError } from "../core/index.ts";
import type { Bound } from "../op/index.ts";
import { empty, pad } from "../ops/index.ts";
import { outside, setData, type Tensor } from "../tensor/index.ts";
import { Layer } from "./layer.ts";
import { resetAffine } from "./linear.ts";
import { blank, type Factory, type Parameter } from "./parameter.ts";
import { py } from "./repr.ts";

/** One number for all spatial dims, or one for each. */
export type Sizes = number | readonly number[];
/** What stands around the input; the others than zeros take their values from it. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

export interface ConvOptions extends Factory {
  inChannels: number;
  outChannels: number;
  kernelSize: Sizes;
  /** Steps between windows; 1. */
  stride?: Sizes;
  /** Elements added on both sides, or "valid" (none), or "same" (the output keeps the size; stride 1 only); 0. */
  padding?: Sizes | "valid" | "same";
  /** Steps between the elements of a window; 1. */
  dilation?: Sizes;
  /** Channels are split into so many groups that do not see each other; 1. */
  groups?: number;
  /** Whether a bias is learned; true. */
  bias?: boolean;
  paddingMode?: PaddingMode;
}

const PADDING_MODES: readonly string[] = ["zeros", "reflect", "replicate", "circular"];

/** What a layer of this kind is made of, and what tells a transposed one from another. */
type BaseOptions = Bound<ConvOptions> & { readonly outputPadding: Sizes; readonly transposed: boolean };

/** What convolutions share: `dims` is the number of spatial dims. */
export abstract class ConvBase extends Layer {
  /** Whether the number of the input's channels is found at the first call. */
  static readonly lazy: boolean = false;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "valid" | "same";
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  private readonly _transposed: boolean;
  weight: Parameter;
  bias: Parameter | null;

  constructor(name: string, dims: number, options: BaseOptions) {
    super();
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias, paddingMode } = options;
    const { outputPadding, transposed, device, dtype } = options;
    if (!(groups > 0)) throw new ValueError(`${name}: groups must be a positive integer`);
    if (inChannels % groups !== 0) throw new ValueError(`${name}: in_channels must be divisible by groups`);
    if (outChannels % groups !== 0) throw new ValueError(`${name}: out_channels must be divisible by groups`);
    if (!PADDING_MODES.includes(paddingMode)) {
      throw new ValueError(
        `${name}: padding_mode must be one of ${PADDING_MODES.join(", ")}, got ${showValue(paddingMode)}`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each(kernelSize, dims, name, "kernelSize");
    this.stride = each(stride, dims, name, "stride");
    if (typeof padding === "string") {
      if (padding !== "same" && padding !== "valid") {
        throw new ValueError(`${name}: Invalid padding string ${showValue(padding)}, should be one of 'valid', 'same'`);
      }
      if (padding === "same" && this.stride.some((s) => s !== 1)) {
        throw new ValueError(`${name}: padding='same' is not supported for strided convolutions`);
      }
      this.padding = padding;
    } else this.padding = each(padding, dims, name, "padding");
    this.dilation = each(dilation, dims, name, "dilation");
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.outputPadding = each(outputPadding, dims, name, "outputPadding");
    this._transposed = transposed;
    this.weight = blank(new.target.lazy ? [0] : this._weightShape(), { device, dtype });
    this.bias = bias ? blank([outChannels], { device, dtype }) : null;
    if (!new.target.lazy) this.resetParameters();
  }

  private _weightShape(): readonly number[] {
    const [from, to] = [this.inChannels, this.outChannels];
    const channels = this._transposed ? [from, to / this.groups] : [to, from / this.groups];
    return [...channels, ...this.kernelSize];
  }

  /** Gives a lazy layer the weight that `input` asks for, in the parameter that it has, and makes it one of `kind`. */
  protected settle(input: Tensor, kind: { readonly prototype: object }): void {
    const from = input.shape.at(-this.kernelSize.length - 1) ?? 0;
    if (from % this.groups !== 0) throw new ValueError("in_channels must be divisible by groups");
    (this as { inChannels: number }).inChannels = from; // read-only to all others
    const { device, dtype } = this.weight;
    setData(
      this.weight,
      outside(() => empty(this._weightShape(), { device, dtype })),
    );
    this.resetParameters();
    Object.setPrototypeOf(this, kind.prototype);
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetAffine(this.weight, this.bias);
  }

  /** The input with its borders, where they are not zeros: a convolution adds only those by itself. */
  protected padded(input: Tensor): Tensor {
    return this.paddingMode === "zeros" ? input : pad(input, this._borders(), this.paddingMode);
  }

  /** Elements to add before and after, from the last dim to the first. */
  private _borders(): number[] {
    const borders: number[] = [];
    for (let d = this.kernelSize.length - 1; d >= 0; d--) {
      if (typeof this.padding !== "string") borders.push(this.padding[d]!, this.padding[d]!);
      else {
        const all = this.padding === "same" ? this.dilation[d]! * (this.kernelSize[d]! - 1) : 0;
        borders.push(Math.floor(all / 2), Math.ceil(all / 2));
      }
    }
    return borders;
  }

  override extraRepr(): string {
    const some = (values: readonly number[] | string, usual: number): boolean =>
      typeof values === "string" || values.some((value) => value !== usual);
    let text = `${this.inChannels}, ${this.outChannels}, kernel_size=${py(this.kernelSize)}, stride=${py(this.stride)}`;
    if (some(this.padding, 0)) {
      text += `, padding=${typeof this.padding === "string" ? this.padding : py(this.padding)}`;
    }
    if (some(this.dilation, 1)) text += `, dilation=${py(this.dilation)}`;
    if (some(this.outputPadding, 0)) text += `, output_padding=${py(this.outputPadding)}`;
    if (this.groups !== 1) text += `, groups=${this.groups}`;
    if (this.bias === null) text += ", bias=False";
    if (this.paddingMode !== "zeros") text += `, padding_mode=${this.paddingMode}`;
    return text;
  }
}

/** One size for each spatial dim. */
function each(sizes: Sizes, dims: number, op: string, name: string): readonly number[] {
  if (typeof sizes === "number") return new Array<number>(dims).fill(sizes);
  if (sizes.length !== dims) throw new ValueError(`${op}: ${name} must have ${dims} numbers, got ${showValue(sizes)}`);
  return [...sizes];
}
