// The package as a file: what `dist/index.js` is where nobody reads the export map. That is Node's entry, which Bun and
// Deno share; a page without a bundler imports `dist/entry.browser.js`.
export * from "./entry.node.ts";
