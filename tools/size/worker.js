// A page whose library works in a worker: what its own thread carries.
import { inWorker } from "flambeau/worker";

globalThis.fl = await inWorker();
