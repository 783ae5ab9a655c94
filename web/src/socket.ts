/** A link over this browser's WebSocket, clock and chance; wakes when the network or the page comes back. */
import { effect } from "@preact/signals";
import { Link } from "./core/link.ts";

/** A refused WebSocket says nothing of why; a plain request does: these answers mean that the session is no more. */
async function closeIfGone(link: Link, path: string): Promise<void> {
  const answer = await fetch(path, { cache: "no-store" }).catch(() => undefined);
  if (answer && [401, 403, 404, 410].includes(answer.status)) link.close();
}

export function openLink(path: string): Link {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const link = new Link({
    connect: () => new WebSocket(url),
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
  link.start();
  effect(() => {
    const state = link.state.value;
    if (state.kind === "waiting" && state.attempt > 1) void closeIfGone(link, path);
  });
  return link;
}
