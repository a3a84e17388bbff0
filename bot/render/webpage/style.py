"""How the page looks: colours for light and dark, one column on a phone."""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "back": "#fff",
    "raised": "#f5f6f8",
    "text": "#1b1d21",
    "soft": "#535961",
    "line": "#d5d9df",
    "link": "#0b57a4",
    "p0": "#b3261e",
    "p1": "#b34700",
    "p2": "#8a5a00",
    "p3": "#1f5fa8",
    "unknown": "#6a3fb0",
    "ok": "#1b6e3c",
    "band": "#cfe3d6",
}
"""The colours of the light page, and of every picture that is sent."""

TONES: Mapping[str, str] = {
    **{each: each for each in ("p0", "p1", "p2", "p3", "unknown")},
    "passed": "ok",
    **dict.fromkeys(("waiting", "skipped", "differs", "none"), "soft"),
}
"""Of the class of each state the name of its colour."""

SHAPES = """
.shape{stroke-width:1.5;stroke-linejoin:round}.open{fill:none}.sign{fill:none;stroke-width:1.8;stroke-linecap:round}
.band{stroke:none}.made{fill:none;stroke-width:1.5}.span{stroke-width:3;stroke-linecap:round}.grid{stroke-width:1}
"""
"""How pictures are drawn, on the page and where they are sent; their colours follow in each."""

STYLE = (
    ":root{color-scheme:light dark;"
    + "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    + """}
@media(prefers-color-scheme:dark){:root{--back:#15181c;--raised:#1e2227;--text:#e8eaed;--soft:#aab1ba;--line:#3a4048;
--link:#8ab8f5;--p0:#ff8a80;--p1:#ffab70;--p2:#e8c268;--p3:#8ab8f5;--unknown:#c6a8ff;--ok:#7fd49b;--band:#24432f}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Liberation Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:860px;margin:0 auto;padding:12px}
h1{font-size:1.15rem;margin:0}h2{font-size:1.1rem;margin:1.8em 0 .5em}h3{font-size:1rem;margin:0 0 .3em}
p{margin:.3em 0}.soft{color:var(--soft);font-size:.9rem}a{color:var(--link)}
.verdict{margin:.4em 0;padding:12px;border:1px solid var(--line);border-left:8px solid var(--tone);
background:var(--raised);border-radius:6px}
.verdict strong{color:var(--tone);font-size:1.5rem;margin-right:.5em}
"""
    + "".join(f".{name}{{--tone:var(--{tone})}}" for name, tone in TONES.items())
    + """
.mark{color:var(--tone);font-weight:700;white-space:nowrap}
article{border:1px solid var(--line);border-left:6px solid var(--tone,var(--line));border-radius:6px;padding:10px 12px;
margin:.7em 0}
dl{display:grid;grid-template-columns:minmax(0,7.5em) minmax(0,1fr);gap:.25em .8em;margin:.5em 0 0}
dt{color:var(--soft)}dd{margin:0;min-width:0}
pre{margin:.4em 0 0;padding:8px;background:var(--raised);border:1px solid var(--line);border-radius:4px;
white-space:pre-wrap;font:13px/1.45 ui-monospace,"Liberation Mono",monospace}
code{font:13px ui-monospace,"Liberation Mono",monospace}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35em .6em .35em 0;
border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600}
figure{margin:0}figcaption,summary{color:var(--soft);font-size:.9rem}summary{cursor:pointer}
svg{display:block;width:100%;max-width:680px;height:auto;margin:.3em 0}
svg text{fill:var(--text);font:11px system-ui,"Liberation Sans",sans-serif}svg .small{fill:var(--soft);font-size:10px}
.shape{fill:var(--tone);stroke:var(--tone)}.sign{stroke:var(--back)}.band{fill:var(--band)}.made{stroke:var(--text)}
.span{stroke:var(--soft)}.grid{stroke:var(--line)}
"""
    + SHAPES
    + """
ul{margin:.3em 0;padding-left:1.2em}footer{margin-top:2em;border-top:1px solid var(--line);padding-top:.6em}
@media(max-width:480px){dl{grid-template-columns:minmax(0,1fr)}dt{margin-top:.4em}
table{table-layout:fixed}th,td{hyphens:auto}td .mark{white-space:normal}.verdict strong{display:block}}
"""
)
