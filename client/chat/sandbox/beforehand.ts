/** Runs in the app's page before the app, as text: it may name nothing outside itself. */
export function beforehand(): void {
  // No policy that all browsers know forbids these, and they reach any host. An app that asks whether they are there is
  // told no; one that finds them by another way is stopped by Connection-Allowlist, where the browser has that.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) Reflect.deleteProperty(window, name);

  const root = document.documentElement;
  addEventListener("message", ({ source, data }: MessageEvent) => {
    if (source !== parent || data?.method !== "ui/notifications/host-context-changed") return;
    const { theme, styles } = data.params;
    if (theme) root.style.colorScheme = theme;
    for (const [name, value] of Object.entries(styles?.variables ?? {})) root.style.setProperty(name, String(value));
  });

  // How tall the page is, for apps that do not say it themselves.
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/size-changed", params: { height, measured: true } }, "*");
  }).observe(root);
}
