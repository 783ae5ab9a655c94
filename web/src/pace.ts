/** When the page draws what it heard: with the next frame, and while much changes not with every one. */

/** Between two drawings things move by the compositor alone, at the screen's own rate. */
const DRAW_EVERY_MS = 50;

/** Answers what runs its argument when the page is to be drawn next; it is asked again only after that. */
export function pace(): (then: () => void) => void {
  let drawn_ms = Number.NEGATIVE_INFINITY;
  return (then) => {
    // A page that nobody sees has no frames.
    if (document.hidden) {
      then();
      return;
    }
    const draw = () =>
      requestAnimationFrame((now_ms) => {
        drawn_ms = now_ms;
        then();
      });
    const wait_ms = drawn_ms + DRAW_EVERY_MS - performance.now();
    if (wait_ms > 0) setTimeout(draw, wait_ms);
    else draw();
  };
}
