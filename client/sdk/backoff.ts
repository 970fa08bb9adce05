/** How long to wait before the next attempt: at once, then full jitter under a ceiling that doubles from 0.25 s to 8 s. */
const FIRST_CEILING_MS = 250;
const LAST_CEILING_MS = 8_000;

/** `attempt` counts from 1; milliseconds. */
export function delayBefore(attempt: number, random: () => number): number {
  if (attempt <= 1) return 0;
  return random() * Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** (attempt - 2));
}

/** "Too many connections" does not get better within milliseconds: the last ceiling's upper half. */
export const delayAfterTooMany = (random: () => number): number => LAST_CEILING_MS * (0.5 + random() / 2);
