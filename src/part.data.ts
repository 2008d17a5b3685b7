// flambeau/data: what is trained on. At the root it is `utils.data`.
import "#host";

export * from "./data/index.ts";
