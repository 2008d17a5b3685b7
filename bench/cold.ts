// What figures.ts starts to see how long a first result takes: a process that multiplies two matrices.
import { ones } from "flambeau";

if (ones(64, 64).matmul(ones(64, 64)).sum().item() !== 64 ** 3) process.exit(1);
