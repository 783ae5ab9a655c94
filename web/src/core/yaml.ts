/** An object as YAML, in the order in which the server sent it, for reading only. */

const PLAIN = /^[A-Za-z_/][\w./ @+-]*$/;
const WORD = /^(?:true|false|null|yes|no|on|off|y|n|~)$/i;

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  if (PLAIN.test(value) && !WORD.test(value) && !value.endsWith(" ")) return value;
  return JSON.stringify(value);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function lines(value: unknown, indent: string, out: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== "object" || item === null || isEmpty(item)) {
        out.push(`${indent}- ${inline(item)}`);
        continue;
      }
      const inner: string[] = [];
      lines(item, `${indent}  `, inner);
      out.push(`${indent}- ${(inner[0] ?? "").slice(indent.length + 2)}`, ...inner.slice(1));
    }
    return;
  }
  for (const [name, member] of Object.entries(value as Record<string, unknown>)) {
    const key = `${indent}${scalar(name)}:`;
    if (typeof member === "string" && member.includes("\n")) {
      out.push(`${key} |${member.endsWith("\n") ? "" : "-"}`);
      for (const line of member.replace(/\n$/, "").split("\n")) out.push(line ? `${indent}  ${line}` : "");
    } else if (typeof member !== "object" || member === null || isEmpty(member)) {
      out.push(`${key} ${inline(member)}`);
    } else {
      out.push(key);
      lines(member, Array.isArray(member) ? indent : `${indent}  `, out);
    }
  }
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return "[]";
  return typeof value === "object" && value !== null ? "{}" : scalar(value);
}

export function yaml(value: object): string {
  const out: string[] = [];
  lines(value, "", out);
  return `${out.join("\n")}\n`;
}
