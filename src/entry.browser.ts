// The package in browsers: pages and workers.
import "./host.browser.ts";

export * from "./library.ts";
