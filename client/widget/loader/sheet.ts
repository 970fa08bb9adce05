/** The widget's looks, for a constructable stylesheet: a host whose CSP forbids inline styles lets it through. */
export const LOOKS = `
:host{all:initial!important}
*{box-sizing:border-box}
.root{--accent:#0f766e;--on:#fff;color-scheme:light dark;color:CanvasText;
position:fixed;inset-block-end:max(16px,env(safe-area-inset-bottom));inset-inline-end:max(16px,env(safe-area-inset-right));
z-index:2147483000;font:14px/20px system-ui}
.start{inset-inline:max(16px,env(safe-area-inset-left)) auto}
button{all:unset;cursor:pointer}
button:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
.launch{position:relative;display:block;width:56px;height:56px;border-radius:50%;background:var(--accent);color:var(--on);
box-shadow:0 8px 24px -6px #0006;transition:.15s}
.launch:hover{scale:1.05}
.launch:active{scale:.96}
svg{position:absolute;inset:16px;width:24px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;transition:.2s}
svg+svg,.open svg{opacity:0;scale:.6}
.open svg+svg{opacity:1;scale:1}
.badge{position:absolute;inset:-2px -2px auto auto;min-width:20px;padding:0 5px;border-radius:10px;
background:#c2261f;color:#fff;font-size:12px;font-weight:600;text-align:center}
.badge:empty{display:none}
.panel{position:absolute;inset-block-end:72px;inset-inline-end:0;width:min(400px,100vw - 32px);height:min(720px,100dvh - 104px);
border:1px solid #8884;border-radius:20px;overflow:hidden;background:Canvas;box-shadow:0 24px 64px -12px #0005;
transform-origin:bottom right;visibility:hidden;opacity:0;transform:translateY(8px) scale(.94);transition:.2s}
.start .panel{inset-inline:0 auto;transform-origin:bottom left}
.open .panel{visibility:visible;opacity:1;transform:none;transition:opacity .15s,transform .3s cubic-bezier(.32,.72,0,1)}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;opacity:0;pointer-events:none}
.ready iframe{opacity:1;pointer-events:auto}
.note{display:none;height:100%;place-content:center;justify-items:center;gap:16px;padding:24px;text-align:center}
.late .note{display:grid}
.note button{padding:8px 16px;border:1px solid;border-radius:8px}
@media(max-width:639.9px){
.panel{position:fixed;inset:var(--top,0) 0 auto;width:100%;height:var(--height,100dvh);border:0;border-radius:0;
transform-origin:bottom;transform:translateY(24px)}
.open .launch{visibility:hidden}}
@media(prefers-color-scheme:dark){.root{--accent:#2dd4bf;--on:#0d1a18}}
@media(prefers-reduced-motion:reduce){*,.open .panel{transition:none!important}}
@media print{.root{display:none}}
`;
