// The smoke program for hosts that run a file: prints its answer.
import { smoke } from "./smoke.ts";

console.log(JSON.stringify(await smoke()));
