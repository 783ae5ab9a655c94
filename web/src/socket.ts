/** A link over this browser's WebSocket, clock and chance; wakes when the network or the page comes back. */
import { effect } from "@preact/signals";
import { Link, type Socket } from "./core/link.ts";
import { type TicketOffice, TicketSocket } from "./ticket.ts";

/** A refused WebSocket says nothing of why; a plain request does: these answers mean that the session is no more. */
async function closeIfGone(link: Link, path: string): Promise<void> {
  const answer = await fetch(path, { cache: "no-store" }).catch(() => undefined);
  if (answer && [401, 403, 404, 410].includes(answer.status)) link.close();
}

function linkTo(connect: () => Socket): Link {
  const link = new Link({
    connect,
    now: () => performance.now(),
    after: (delay_ms, then) => {
      const timer = setTimeout(then, delay_ms);
      return () => clearTimeout(timer);
    },
    chance: () => Math.random(),
  });
  addEventListener("online", () => link.retryNow());
  addEventListener("pageshow", () => link.retryNow());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") link.retryNow();
  });
  return link;
}

function socketUrl(path: string): URL {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** The browser shows by its cookie whose session it is. */
export function openLink(path: string): Link {
  const url = socketUrl(path);
  const link = linkTo(() => new WebSocket(url));
  link.start();
  effect(() => {
    const state = link.state.value;
    if (state.kind === "waiting" && state.attempt > 1) void closeIfGone(link, path);
  });
  return link;
}

/** Tickets show whose session it is. */
export function openLinkByTicket(path: string, office: TicketOffice): Link {
  const url = socketUrl(path);
  const link = linkTo(() => new TicketSocket(url, office.ticket()));
  office.gone = () => link.close();
  link.start();
  return link;
}
