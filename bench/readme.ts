// The tables of the README that a command writes: each stands between two marks that name the command.

/** The README with what `command` writes made anew. Throws where the marks are missing. */
export function withTable(readme: string, command: string, content: string): string {
  const [begin, end] = ["begin", "end"].map((word) => `<!-- ${command}: ${word} -->`) as [string, string];
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`README.md lacks ${begin} … ${end}`);
  return `${readme.slice(0, before + begin.length)}\n\n${content.trim()}\n\n${readme.slice(after)}`;
}
