// flambeau/optim: the optimizers.
import "#host";

export * from "./optim/index.ts";
