// Floor 0: pure data. Dtypes, promotion, layouts, errors, scalars.
export * from "./dtype.ts";
export * from "./error.ts";
export * from "./layout.ts";
export * from "./meta.ts";
export * from "./promotion.ts";
export * from "./scalar.ts";
