/** A link over this browser's WebSocket, clock and chance; wakes when the network or the page comes back. */
import { Link } from "./core/link.ts";

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
  return link;
}
