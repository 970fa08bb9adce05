/** `[3]` in an answer: a numbered chip that shows its passage on hover and opens it on a click. */
import { useContext, type ReactNode } from "react";
import { Sources, useConversation } from "../context";

export function Citation({ number }: { number: number }): ReactNode {
  const sources = useContext(Sources);
  const { screen } = useConversation();
  const source = sources.find((one) => one.number === number);
  if (!source) return `[${number}]`;
  const leave = (): void => screen.setState({ hover: null });
  // The word joiner keeps the chip with the word it follows.
  return (
    <span className="whitespace-nowrap">{"\u2060"}<button
      type="button"
      className="cite"
      aria-label={`Source ${number}: ${source.title}`}
      onClick={() => screen.setState({ panel: { sources, number }, hover: null })}
      onPointerEnter={(event) => event.pointerType !== "touch" && screen.setState({ hover: { source, at: event.currentTarget.getBoundingClientRect() } })}
      onPointerLeave={leave}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && screen.setState({ hover: { source, at: event.currentTarget.getBoundingClientRect() } })}
      onBlur={leave}
    >
      {number}
    </button></span>
  );
}
