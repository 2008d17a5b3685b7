// Importing this makes the reference device known, through the registry that every device uses.
import { registerDevice } from "flambeau";
import { ReferenceBackend } from "./backend.ts";

export const reference: ReferenceBackend = new ReferenceBackend();
registerDevice("reference", () => reference);
