/** Code blocks of the text get their buttons: Run types a command into the terminal in front, Copy copies. The whole of a command is a button, too. */
import { render } from "preact";
import { useState } from "preact/hooks";
import { copied, lines } from "../core/commands.ts";
import type { Desk } from "../desk.ts";
import { announce, say } from "../page.ts";
import { Icon } from "./icon.tsx";

function Copy({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={say("copy")}
      title={say("copy")}
      onClick={async () => {
        await navigator.clipboard?.writeText(copied(text));
        setDone(true);
        announce(say("copied"));
      }}
      onBlur={() => setDone(false)}
    >
      <Icon name={done ? "check" : "copy"} />
    </button>
  );
}

/** Commands wrap between words, never inside one that fits: `--image` stays whole. */
export function Words({ command }: { command: string }) {
  return command
    .split(/([ \n]+)/)
    .map((part, index) => (index % 2 === 1 ? part : <span class="word">{part}</span>));
}

function keepWords(node: Node): void {
  for (const child of [...node.childNodes]) {
    if (!(child instanceof Text)) {
      keepWords(child);
      continue;
    }
    const parts = child.data.split(/([ \n]+)/).map((part, index) => {
      if (index % 2 === 1 || part === "") return part;
      const word = document.createElement("span");
      word.className = "word";
      word.textContent = part;
      return word;
    });
    child.replaceWith(...parts);
  }
}

/** How a block is run, if it is one that runs. */
export interface Runs {
  desk: Desk;
  endless: boolean;
}

/** The file that a block is, if it is one. */
export interface Put {
  desk: Desk;
  path: string;
}

/** The buttons of one block. */
export function Actions({
  text,
  runs,
  put,
}: {
  text: string;
  runs: Runs | undefined;
  put?: Put | undefined;
}) {
  const words = lines(text)[0] ?? "";
  const running = runs?.desk.running.value?.block === text;
  return (
    <div class="code-actions">
      <Copy text={text} />
      {put && (
        <button type="button" class="button" onClick={() => void put.desk.put(put.path, text)}>
          <Icon name="file" />
          {say("file-put", { path: put.path })}
        </button>
      )}
      {runs && running && (
        <button type="button" class="button" onClick={() => runs.desk.stop()}>
          <Icon name="stop" />
          {say("stop")}
        </button>
      )}
      {runs && !running && (
        <button
          type="button"
          class="button primary"
          aria-label={say("run-command", { command: words })}
          onClick={(event) => runs.desk.run(text, { hand: event.detail > 0, endless: runs.endless })}
        >
          <Icon name="play" />
          {say("run")}
        </button>
      )}
    </div>
  );
}

/** Dresses every code block below `root`. */
export function dressBlocks(root: ParentNode, desk: Desk): void {
  for (const block of root.querySelectorAll<HTMLElement>(".code:not([data-dressed])")) {
    const pre = block.querySelector("pre");
    if (!pre) continue;
    const text = pre.textContent ?? "";
    block.dataset.dressed = "";
    const runs =
      block.dataset.run === undefined ? undefined : { desk, endless: block.dataset.endless !== undefined };
    if (runs) {
      block.classList.add("run");
      block.classList.toggle("lines", lines(text).length > 1);
      keepWords(pre);
      pre.title = say("run-hint");
      pre.addEventListener("click", () => {
        if (getSelection()?.isCollapsed !== false) desk.run(text, { hand: true, endless: runs.endless });
      });
    } else {
      pre.tabIndex = 0;
    }
    const place = document.createElement("div");
    place.className = "code-place";
    block.append(place);
    const path = block.dataset.file;
    if (path) block.classList.add("file");
    render(<Actions text={text} runs={runs} put={path ? { desk, path } : undefined} />, place);
  }
}
