/** The lesson page: the text was drawn by the server; the islands make it answer. */
import "@xterm/xterm/css/xterm.css";
import "./styles/all.css";
import "./styles/lesson.css";
import "./styles/step.css";
import "./styles/work.css";
import "./styles/picture.css";
import "./styles/time.css";
import "./styles/files.css";
import "./styles/play.css";
import "./styles/contrast.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import type { Link } from "./core/link.ts";
import { Session } from "./core/session.ts";
import { Desk } from "./desk.ts";
import { Afresh } from "./islands/afresh.tsx";
import { dressRewinds } from "./islands/back.tsx";
import { dressBlocks } from "./islands/commands.tsx";
import { Connection } from "./islands/connection.tsx";
import { PanesMenu } from "./islands/dock.tsx";
import { dressExamples } from "./islands/examples.ts";
import { Finish } from "./islands/finish.tsx";
import { HandOn } from "./islands/hand-on.tsx";
import { Hardships } from "./islands/hardships.tsx";
import { closeMenusOutside } from "./islands/menus.ts";
import { Notices } from "./islands/notices.tsx";
import { Progress } from "./islands/progress.tsx";
import { dressHelp, dressQuestions } from "./islands/questions.ts";
import { Splitter } from "./islands/splitter.tsx";
import { Start } from "./islands/start.tsx";
import { StepFoot } from "./islands/step.tsx";
import { Switcher } from "./islands/switcher.tsx";
import { ThemeMenu } from "./islands/theme.tsx";
import { Workspace } from "./islands/workspace.tsx";
import { listenToKeys } from "./keys.ts";
import { pace } from "./pace.ts";
import { announce, mount, readProps, say } from "./page.ts";
import { openLink, openLinkByTicket } from "./socket.ts";
import { TicketOffice } from "./ticket.ts";
import type { Embedded, PageEmbed, PageLesson, PageSession } from "./wire/wire.ts";

interface Begun {
  lesson: PageLesson;
  link: Link;
  base: string;
  embedded: boolean;
}

function begin({ lesson, link, base, embedded }: Begun): Desk {
  const session = new Session(
    link,
    lesson.steps.map((step) => step.state),
    pace(),
  );
  const desk = new Desk(session, embedded);
  session.onLesson = () => location.reload();
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
  mount("panes", <PanesMenu desk={desk} />);
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
  dressRewinds(text, session);
  text.dataset.dressed = "";
  effect(() => {
    const { text: share, pane } = desk.layout.value;
    document.body.dataset.pane = pane;
    document.documentElement.style.setProperty("--text", `${share}%`);
  });
  listenToKeys(desk);
  return desk;
}

/** A lesson or playground of the learner's own. */
function beginOwn(lesson: PageLesson, place: PageSession, base: string): void {
  const desk = begin({ lesson, link: openLink(place.socket), base, embedded: false });
  const { session } = desk;
  mount("hand-on", <HandOn session={session} base={base} lesson={lesson} place={place} />);
  mount("afresh", <Afresh session={session} shared={lesson.id.startsWith("~shared/")} />);
  mount("hardships", <Hardships session={session} />);
  dressExamples(document, desk);
}

/** A lesson within somebody's page: begins on a click; links to elsewhere leave the frame. */
function beginEmbedded(lesson: PageLesson, embed: PageEmbed, base: string): void {
  const start = ({ session, ticketPath, token }: Embedded) => {
    mount("start", null);
    begin({
      lesson,
      link: openLinkByTicket(session.socket, new TicketOffice(ticketPath, token)),
      base,
      embedded: true,
    }).focusTerminal();
  };
  // The text is read before anything begins.
  const text = document.getElementById("text");
  if (text) text.dataset.dressed = "";
  mount("start", <Start embed={embed} begin={start} />);
  mount("workspace", <Start embed={embed} begin={start} />);
  // Long lines scroll, so the keyboard must reach them before anything is dressed.
  for (const block of document.querySelectorAll<HTMLElement>("#text pre")) block.tabIndex = 0;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#text a[href^='http']")) {
    link.target = "_blank";
    link.rel = "noopener";
  }
}

closeMenusOutside();
mount("theme", <ThemeMenu />);
const { lesson, session, embed, base } = readProps();
if (lesson && session) beginOwn(lesson, session, base);
else if (lesson && embed) beginEmbedded(lesson, embed, base);
