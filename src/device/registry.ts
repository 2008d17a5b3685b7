// The devices that there are, by name. One is made when it is first asked for.

import { DeviceError } from "../core/index.ts";
import type { Backend } from "./backend.ts";

type Make = () => Backend;
const makers = new Map<string, Make>();
const made = new Map<string, Backend>();

/** Makes a device known. `make` runs when a tensor is first put there. A second registration of a name is an error. */
export function registerDevice(name: string, make: Make): void {
  if (makers.has(name)) throw new DeviceError(`registerDevice: "${name}" is registered already`);
  makers.set(name, make);
}

/** The device of that name. Throws DeviceError, naming those that exist. */
export function backendOf(name: string, op: string): Backend {
  const device = made.get(name);
  if (device !== undefined) return device;
  const make = makers.get(name);
  if (make === undefined) {
    const known = [...makers.keys()].map((key) => `"${key}"`).join(", ");
    throw new DeviceError(`${op}: no device ${JSON.stringify(name)} here: there is ${known || "none"}`);
  }
  const backend = make();
  made.set(name, backend);
  return backend;
}

/** Names of the registered devices. */
export function devices(): readonly string[] {
  return [...makers.keys()];
}
