// All of the library: what `import * as fl` costs where everything is used.
import * as fl from "flambeau";

globalThis.fl = fl;
