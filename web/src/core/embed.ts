/** The snippet by which a lesson stands in somebody's page. */

/** What the frame may do: run, answer questions, open new tabs. It cannot move the page that it stands in. */
const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox";

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

/** HTML to copy; `url` is the whole address. */
export function snippet(url: string, title: string): string {
  return [
    `<iframe src="${attribute(url)}" title="${attribute(title)}"`,
    `  width="100%" height="640" style="border:0" loading="lazy"`,
    `  sandbox="${SANDBOX}" allow="clipboard-write"></iframe>`,
  ].join("\n");
}
