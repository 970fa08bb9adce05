/** A `fetch` that tells how far an upload has come: the browser's own does not. */
export function telling(onProgress: (done: number) => void, stop: AbortSignal): typeof fetch {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(init?.method ?? "GET", String(url));
      new Headers(init?.headers).forEach((value, name) => request.setRequestHeader(name, value));
      request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
      request.onload = () => resolve(new Response(request.responseText, { status: request.status, headers: { "content-type": request.getResponseHeader("content-type") ?? "" } }));
      request.onerror = () => reject(new TypeError("The server cannot be reached."));
      request.onabort = () => reject(new DOMException("Removed", "AbortError"));
      stop.addEventListener("abort", () => request.abort());
      request.send(init?.body as XMLHttpRequestBodyInit);
    });
}
