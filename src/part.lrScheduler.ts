// flambeau/optim/lrScheduler
import "#host";

export * from "./optim/lrScheduler.ts";
