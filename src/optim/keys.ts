// Names of options and state: camelCase here, with underscores in PyTorch's state dicts. What stands before the first
// letter stays: `_stepCount` is `_step_count`, `TMax` is `T_max`.

/** `weight_decay` → `weightDecay`. */
export const camel = (name: string): string =>
  name.replace(/(?<=[A-Za-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `weightDecay` → `weight_decay`. */
export const snake = (name: string): string =>
  name.replace(/(?<=[A-Za-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
