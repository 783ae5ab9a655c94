/** The examples of the playground get their button: it puts the file into the home, where it is not yet, and applies it. */
import { h, render } from "preact";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { Icon } from "./icon.tsx";

async function tryIt(desk: Desk, file: string, text: string, hand: boolean): Promise<void> {
  if (!(await desk.files.has(file)) && !(await desk.files.write(file, text))) return;
  desk.run(`kubectl apply -f ${file}`, { hand, endless: false });
}

/** Dresses every example below `root`. */
export function dressExamples(root: ParentNode, desk: Desk): void {
  for (const example of root.querySelectorAll<HTMLElement>(".example")) {
    const place = example.querySelector(".example-run");
    const file = example.dataset.example;
    const text = example.querySelector("pre")?.textContent;
    const name = example.querySelector("h3")?.textContent ?? file;
    if (!place || !file || !text) continue;
    const button = h(
      "button",
      {
        type: "button",
        class: "button",
        "aria-label": `${say("play-try")}: ${name}`,
        onClick: (event: MouseEvent) => void tryIt(desk, file, text, event.detail > 0),
      },
      h(Icon, { name: "play" }),
      say("play-try"),
    );
    render(button, place);
  }
}
