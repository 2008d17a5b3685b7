// flambeau/io: files.
import "#host";

export * from "./io/index.ts";
