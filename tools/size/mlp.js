// A page that has a digit recognised by a trained net: the parts are imported, so that only what is used is carried.
import { safetensors } from "flambeau/io";
import { Linear, ReLU, Sequential } from "flambeau/nn";
import { noGrad, tensor } from "flambeau/ops";

const net = new Sequential(new Linear(784, 128), new ReLU(), new Linear(128, 10));

export const load = (bytes) => net.loadStateDict(safetensors.load(bytes));
export const run = (pixels) => noGrad(() => net(tensor(pixels))).data();
