/** The widget's looks, as a constructable stylesheet: a host whose CSP forbids inline styles lets it through. */
const CSS = `
:host{all:initial!important}
*{box-sizing:border-box}
.root{--accent:#0f766e;--on:#fff;--paper:#fdfcfa;--ink:#1d2128;--line:#e6e4df;--gap:max(16px,env(safe-area-inset-bottom));
position:fixed;z-index:2147483000;inset-block-end:0;inset-inline-end:0;font:400 14px/20px system-ui,sans-serif}
.root.start{inset-inline:0 auto}
button{all:unset;box-sizing:border-box;cursor:pointer;-webkit-tap-highlight-color:transparent}
button:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
.launch{position:fixed;inset-block-end:var(--gap);inset-inline-end:max(16px,env(safe-area-inset-right));width:56px;height:56px;
border-radius:50%;background:var(--accent);color:var(--on);box-shadow:0 1px 2px #0002,0 8px 24px -6px #0006;transition:scale .15s ease-out}
.start .launch{inset-inline:max(16px,env(safe-area-inset-left)) auto}
.launch:hover{scale:1.05}
.launch:active{scale:.96}
.launch svg{position:absolute;inset:16px;width:24px;height:24px;transition:opacity .2s,scale .2s}
.launch svg+svg,.open .launch svg:first-of-type{opacity:0;scale:.6}
.open .launch svg+svg{opacity:1;scale:1}
.badge{position:absolute;inset-block-start:-2px;inset-inline-end:-2px;min-width:20px;height:20px;padding:0 5px;border-radius:10px;
background:#c2261f;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center}
.badge:empty{display:none}
.panel{position:fixed;inset-block-end:calc(var(--gap) + 72px);inset-inline-end:max(16px,env(safe-area-inset-right));width:400px;
max-width:calc(100vw - 32px);height:min(720px,100vh - 104px);height:min(720px,100dvh - 104px);border:1px solid var(--line);
border-radius:20px;overflow:hidden;background:var(--paper);color:var(--ink);box-shadow:0 2px 4px #0001,0 24px 64px -12px #0005;
transform-origin:bottom right;visibility:hidden;opacity:0;transform:translateY(8px) scale(.94);
transition:opacity .2s ease-in,transform .2s ease-in,visibility 0s .2s}
.start .panel{inset-inline:max(16px,env(safe-area-inset-left)) auto}
.left .panel{transform-origin:bottom left}
.open .panel{visibility:visible;opacity:1;transform:none;
transition:opacity .15s ease-out,transform .3s cubic-bezier(.32,.72,0,1),visibility 0s}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;opacity:0;transition:opacity .15s}
.ready iframe{opacity:1}
.note{position:absolute;inset:0;display:none;place-content:center;justify-items:center;gap:16px;padding:24px;text-align:center}
.late:not(.ready) .note{display:grid}
.note button{padding:8px 16px;border:1px solid var(--line);border-radius:8px;font-weight:500}
@media(max-width:639.9px){
.panel,.start .panel{inset:auto 0;inset-block-start:var(--top,0);width:100%;max-width:none;height:var(--height,100dvh);border:0;border-radius:0;
transform-origin:bottom;transform:translateY(24px)}
.open .launch{visibility:hidden}}
@media(prefers-color-scheme:dark){
.root{--accent:#2dd4bf;--on:#0d1a18;--paper:#111216;--ink:#ecebe7;--line:#2d2f35}}
@media(prefers-reduced-motion:reduce){*,.open .panel{transition-duration:0s!important;transition-delay:0s!important}}
@media print{.root{display:none}}
`;

export function makeSheet(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  return sheet;
}
