// flambeau/nn/init
import "#host";

export * from "./nn/init.ts";
