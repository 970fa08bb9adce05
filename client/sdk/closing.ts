/** Why a socket was closed, what follows from it, and what to tell the person. */
import type { ErrorInfo } from "./chat-state";

export const CLOSE = {
  normal: 1000,
  tooBig: 1009,
  badFrames: 4400,
  signedOut: 4401,
  notAllowed: 4403,
  notFound: 4404,
  tooMany: 4429,
} as const;

const FINAL: Readonly<Record<number, ErrorInfo | null>> = {
  [CLOSE.normal]: null,
  [CLOSE.badFrames]: { code: "bad_frame", text: "This page and the server do not understand each other. Reload the page." },
  [CLOSE.notAllowed]: { code: "forbidden", text: "You may not use this chat." },
  [CLOSE.notFound]: { code: "not_found", text: "This conversation does not exist, or it belongs to someone else." },
};

export const SIGNED_OUT: ErrorInfo = { code: "expired", text: "You are signed out. Sign in again to go on." };

/** Whether a client stays away after this code, by itself. */
export const isFinal = (code: number): boolean => code in FINAL;

/** Words for a final close code; null where nothing is wrong. */
export const reasonOf = (code: number): ErrorInfo | null => FINAL[code] ?? null;

/** The server will not let us in, and asking again would not help. Thrown by whoever prepares the `hello`. */
export class Refused extends Error {
  override name = "Refused";
  constructor(readonly error: ErrorInfo) {
    super(error.text);
  }
}

/** Not now: come back after `ms`. */
export class NotNow extends Error {
  override name = "NotNow";
  constructor(readonly ms: number) {
    super(`Try again in ${ms} ms.`);
  }
}
