/** The cluster's clock as the page reckons it between what the server says. Pure: wall time is an argument. */
import type { ClockState } from "../wire/wire.ts";

export interface Reckoning {
  state: ClockState;
  /** Wall clock of the page when the state was heard, in milliseconds. */
  heard_ms: number;
}

/** The cluster's time in milliseconds since 1970; the wall's where the cluster shows no clock. */
export function nowOf(reckoning: Reckoning | undefined, wall_ms: number): number {
  if (!reckoning) return wall_ms;
  const { state, heard_ms } = reckoning;
  const base = Date.parse(state.now);
  return state.paused ? base : base + (wall_ms - heard_ms) * state.factor;
}
