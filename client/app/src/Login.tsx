import { Button, Mark } from "@opsloom/chat";
import { RestError } from "@opsloom/sdk";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { signIn } from "./workspace";

/** The one-time link of the first start (or of an owner): signs in, then forgets the token. */
export function Login({ token }: { token: string }): ReactNode {
  const [problem, setProblem] = useState(token ? "" : "This address has no sign-in token. Use the link that the server printed when it started.");
  const asked = useRef(false);
  useEffect(() => {
    if (!token || asked.current) return;
    asked.current = true; // the token works once, and effects may run twice
    history.replaceState(null, "", "/login");
    signIn(token).then(
      () => location.replace("/"),
      (error: unknown) => setProblem(error instanceof RestError ? error.info.text : "Signing in failed. Try the link again."),
    );
  }, [token]);
  return (
    <main className="page grid place-items-center px-6">
      <div className="flex max-w-sm flex-col items-center gap-4 text-center">
        <Mark size={40} className="text-accent" />
        <h1 className="text-title font-medium">{problem ? "Not signed in" : "Signing in"}</h1>
        {problem ? (
          <>
            <p className="text-ui text-muted" role="alert">{problem}</p>
            <Button onClick={() => location.replace("/")}>Go to the chat</Button>
          </>
        ) : (
          <p className="shimmer text-ui">One moment</p>
        )}
      </div>
    </main>
  );
}
