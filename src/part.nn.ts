// flambeau/nn: the modules.
import "#host";

export * from "./nn/index.ts";
