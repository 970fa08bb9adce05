/** Whether Escape already means something where the focus is; only where it does not, it closes the panel. */
import type { ChatState } from "@opsloom/sdk";

const HAVE_THEIR_OWN = 'aside, dialog, [role="log"], [role="menu"], [role="dialog"]';

export function ownsEscape(target: EventTarget | null, { conversation }: ChatState): boolean {
  if (!(target instanceof Element)) return false;
  // In the composer it stops a running answer first.
  if (target.matches("textarea") && conversation?.turn != null) return true;
  return target.closest(HAVE_THEIR_OWN) !== null;
}
