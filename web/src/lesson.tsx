/** The lesson page: the text was drawn by the server; the islands make it answer. */
import "@xterm/xterm/css/xterm.css";
import "./styles/all.css";
import "./styles/lesson.css";
import "./styles/step.css";
import "./styles/work.css";
import "./styles/picture.css";
import "./styles/time.css";
import "./styles/files.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { Session } from "./core/session.ts";
import { Desk } from "./desk.ts";
import { dressBlocks } from "./islands/commands.tsx";
import { Connection } from "./islands/connection.tsx";
import { Finish } from "./islands/finish.tsx";
import { closeMenusOutside } from "./islands/menus.ts";
import { Notices } from "./islands/notices.tsx";
import { Progress } from "./islands/progress.tsx";
import { dressHelp, dressQuestions } from "./islands/questions.ts";
import { Splitter } from "./islands/splitter.tsx";
import { StepFoot } from "./islands/step.tsx";
import { Switcher } from "./islands/switcher.tsx";
import { ThemeMenu } from "./islands/theme.tsx";
import { Workspace } from "./islands/workspace.tsx";
import { announce, mount, readProps, say } from "./page.ts";
import { openLink } from "./socket.ts";
import type { PageLesson, PageSession } from "./wire/wire.ts";

function begin(lesson: PageLesson, place: PageSession, base: string): void {
  const session = new Session(
    openLink(place.socket),
    lesson.steps.map((step) => step.state),
  );
  const desk = new Desk(session);
  session.onTick = (state) => {
    const step = lesson.steps.find((each) => each.id === state.id);
    desk.goOn(state.id);
    announce(say("step-ticked", { title: step?.title ?? state.id, cause: state.cause?.text ?? "" }));
  };
  mount("workspace", <Workspace desk={desk} />);
  mount(
    "splitter",
    <Splitter desk={desk} share="text" label={say("split-text")} controls="text workspace" />,
  );
  mount("progress", <Progress session={session} steps={lesson.steps} />);
  mount("connection", <Connection session={session} />);
  mount("finish", <Finish session={session} lesson={lesson} course={base} />);
  mount("notices", <Notices session={session} />);
  mount("switcher", <Switcher desk={desk} steps={lesson.steps} />);
  for (const step of lesson.steps) {
    const section = document.getElementById(`step-${step.id}`);
    if (!section) continue;
    dressHelp(section);
    render(<StepFoot desk={desk} step={step} />, section.appendChild(document.createElement("div")));
  }
  const text = document.getElementById("text") ?? document.body;
  dressBlocks(text, desk);
  dressQuestions(text, session);
  effect(() => {
    const { text: share, pane } = desk.layout.value;
    document.body.dataset.pane = pane;
    document.body.style.setProperty("--text", `${share}%`);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F6") return;
    event.preventDefault();
    const inText = text.contains(document.activeElement);
    if (inText) desk.focusTerminal();
    else text.focus();
  });
}

closeMenusOutside();
mount("theme", <ThemeMenu />);
const { lesson, session, base } = readProps();
if (lesson && session) begin(lesson, session, base);
