// flambeau/nn/functional
import "#host";

export * from "./nn/functional.ts";
