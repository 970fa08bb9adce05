/**
 * The height that is really free: on iOS the keyboard covers the page without changing `dvh`, and `visualViewport`
 * alone tells. Where both agree, `dvh` stays in charge.
 */
export function followViewport(root: HTMLElement = document.documentElement): void {
  const view = window.visualViewport;
  if (!view) return;
  const apply = (): void => {
    const covered = innerHeight - view.height * view.scale;
    if (covered > 80) root.style.setProperty("--page", `${view.height}px`);
    else root.style.removeProperty("--page");
    if (covered > 80) window.scrollTo(0, 0);
  };
  view.addEventListener("resize", apply);
}
