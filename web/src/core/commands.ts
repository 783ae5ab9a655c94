/** A code block of the text as keys of a terminal: prompts taken off, one line after the other, each with Return. */

/** The lines a learner would type, without `$ ` prompts and empty lines at the ends. */
export function lines(block: string): string[] {
  const all = block.replaceAll("\r\n", "\n").split("\n");
  const prompted = all.some((line) => line.startsWith("$ "));
  return all
    .map((line) => (prompted && line.startsWith("$ ") ? line.slice(2) : line))
    .join("\n")
    .trim()
    .split("\n");
}

/** What to copy. */
export function copied(block: string): string {
  return lines(block).join("\n");
}

/** What to type. A line that stands at the prompt already is cleared first (Ctrl-E, Ctrl-U), so nothing is glued to it. */
export function typed(block: string): string {
  return `\x05\x15${lines(block)
    .map((line) => `${line}\r`)
    .join("")}`;
}
