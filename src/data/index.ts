// fl.utils.data: what is trained on, in which order, in batches.
export { defaultCollate } from "./collate.ts";
export { type Collated, DataLoader } from "./dataloader.ts";
export {
  ConcatDataset,
  Dataset,
  IterableDataset,
  randomSplit,
  type Streamed,
  Subset,
  TensorDataset,
} from "./dataset.ts";
export { type IdxArray, parseIdx } from "./idx.ts";
export { FashionMNIST, MNIST } from "./mnist.ts";
export { fromModule } from "./parcel.ts";
export {
  BatchSampler,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from "./sampler.ts";
export { getWorkerInfo, type WorkerInfo } from "./worker.ts";
