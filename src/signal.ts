// fl.signal: the windows of signals.

export * as windows from "./ops/windows.ts";
