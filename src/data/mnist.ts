import { FormatError, IndexError } from "../core/index.ts";
import { readSource, type Source } from "../io/source.ts";
import { div, indexSelect, select, to, unsqueeze, view } from "../ops/index.ts";
import { frombuffer, outside, Tensor, tensor } from "../tensor/index.ts";
import type { Dataset } from "./dataset.ts";
import { parseIdx } from "./idx.ts";

/**
 * The handwritten digits of MNIST, or any data set in its format: images and labels in two IDX files.
 *
 * Sample i is `[image, label]`: a float32 image `[1, h, w]` in 0 to 1, and its class. The data set itself is Y. LeCun,
 * C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits".
 *
 * @example
 * const train = await MNIST.load("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 */
export class MNIST implements Dataset<[Tensor, number]> {
  static readonly classes: readonly string[] = [
    "0 - zero",
    "1 - one",
    "2 - two",
    "3 - three",
    "4 - four",
    "5 - five",
    "6 - six",
    "7 - seven",
    "8 - eight",
    "9 - nine",
  ];

  /** The images, uint8 `[n, h, w]`. */
  readonly data: Tensor;
  /** The classes, int64 `[n]`. */
  readonly targets: Tensor;
  readonly #labels: readonly number[];

  /**
   * From the bytes of both files, or from what they hold: images uint8 `[n, h, w]` and classes `[n]`. Throws FormatError where
   * bytes are not IDX, or the two do not belong together.
   */
  constructor(images: Uint8Array | Tensor, labels: Uint8Array | Tensor) {
    this.data = elements(images);
    this.targets = outside(() => to(elements(labels), "int64"));
    if (this.data.dtype !== "uint8" || this.data.ndim !== 3) {
      throw new FormatError("MNIST: the images are not uint8[n, h, w]");
    }
    if (this.targets.ndim !== 1) throw new FormatError("MNIST: the labels are not [n]");
    const [n] = this.data.shape;
    if (n !== this.targets.shape[0]) {
      throw new FormatError(`MNIST: ${n} images and ${this.targets.shape[0]} labels do not belong together`);
    }
    this.#labels = this.targets.tolist() as number[];
  }

  /** Reads both files from wherever they are (paths, URLs, Files, bytes), gzipped as they are published or unpacked. */
  static async load(images: Source, labels: Source): Promise<MNIST> {
    const [pictures, classes] = await Promise.all([
      readSource(images).then(unpacked),
      readSource(labels).then(unpacked),
    ]);
    return new this(pictures, classes);
  }

  get length(): number {
    return this.#labels.length;
  }

  at(index: number): [image: Tensor, label: number] {
    const i = index < 0 ? index + this.length : index;
    const label = this.#labels[i];
    if (label === undefined) throw new IndexError(`MNIST: index ${index} is out of range for ${this.length} samples`);
    return [scaled(select(this.data, 0, i), 0), label];
  }

  batch(indices: readonly number[]): [images: Tensor, labels: Tensor] {
    const rows = tensor(indices, { dtype: "int64" });
    return [scaled(indexSelect(this.data, 0, rows), 1), indexSelect(this.targets, 0, rows)];
  }
}

/** The articles of clothing of Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf), in the same format. */
export class FashionMNIST extends MNIST {
  static override readonly classes: readonly string[] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ];
}

/** The elements of an IDX file as a tensor; a tensor as it is. */
function elements(source: Uint8Array | Tensor): Tensor {
  if (source instanceof Tensor) return source;
  const { dtype, shape, bytes } = parseIdx(source);
  return outside(() => view(frombuffer(bytes, { dtype }), shape));
}

/** Bytes as shares of 255, with an axis for the one channel. */
const scaled = (images: Tensor, channel: number): Tensor => unsqueeze(div(images, 255), channel);

/** What a gzip file holds; other bytes as they are. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
