"""The style of a run's page: light and dark by what the reader has set, black on white when printed."""

STYLE = (
    """
:root { --ink: #1c2330; --dim: #5b6475; --paper: #ffffff; --panel: #f2f4f8; --line: #d5dae3;
  --mark: #8a4b00;
  --c0: #0b5394; --c1: #b45f06; --c2: #1b6e2c; --c3: #6a3d9a; --c4: #a31515; --c5: #00707a; --c6: #7a5c00;
  --c7: #555f70; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --dim: #9aa4b5; --paper: #10141b;
  --panel: #181e29; --line: #2c3546; --mark: #f4bf4f; --c0: #6cb6ff; --c1: #f4bf4f; --c2: #7ad08a;
  --c3: #c8a2f0;
  --c4: #ff8a80; --c5: #5fd0d8; --c6: #d8c15f; --c7: #a9b2c2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 62rem; color: var(--ink);
  background: var(--paper);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.4rem 0 0.6rem; color: var(--mark); }
p.lead { font-size: 1.05rem; max-width: 46rem; } p.none, .dim { color: var(--dim); }
code { font: 0.92em ui-monospace, "DejaVu Sans Mono", monospace; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.6rem;
  margin: 1rem 0; }
dl.facts div { background: var(--panel); border-radius: 6px; padding: 0.5rem 0.8rem; }
dt { color: var(--dim); font-size: 0.85rem; } dd { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
figure { margin: 0; background: var(--panel); border-radius: 6px; padding: 0.6rem 0.8rem; }
figcaption { font-weight: 600; font-size: 0.95rem; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; fill: var(--dim); }
svg .grid { stroke: var(--line); stroke-width: 1; } polyline { fill: none; stroke-width: 1.8; }
.legend { margin: 0.2rem 0 0; font-size: 0.82rem; } .legend span { margin-right: 1em; }
svg .node { fill: var(--c0); } svg .name { fill: var(--paper); font-weight: 700; font-size: 13px; }
svg .way { fill: none; stroke: var(--c3); opacity: 0.55; } svg .tip { fill: var(--c3); }
.graph { max-width: 34rem; margin: 0 auto; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem; }
.skill { background: var(--panel); border-radius: 6px; padding: 0.7rem 0.8rem; break-inside: avoid; }
.skill h3 { margin: 0 0 0.2rem; font-size: 1rem; overflow-wrap: anywhere; }
.skill .crops img { height: 64px; max-width: 45%; object-fit: contain; margin-right: 0.5rem;
  border-radius: 3px; }
.skill .seen { display: grid; grid-template-columns: 1fr 1fr; gap: 0.4rem; margin-top: 0.4rem; }
.skill .seen img { width: 100%; border-radius: 3px; display: block; } .skill p { margin: 0.2rem 0;
  font-size: 0.88rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
"""
    + "\n".join(
        f".c{i} {{ color: var(--c{i}); }} polyline.c{i} {{ stroke: var(--c{i}); }} "
        f"circle.c{i}, rect.c{i} {{ fill: var(--c{i}); }}"
        for i in range(8)
    )
    + """
@media print {
  :root { --ink: #000; --dim: #444; --paper: #fff; --panel: #fff; --line: #bbb; --mark: #000; --c0: #0b5394;
    --c1: #b45f06; --c2: #1b6e2c; --c3: #6a3d9a; --c4: #a31515; --c5: #00707a; --c6: #7a5c00;
  --c7: #555f70; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, .skill, dl.facts div { border: 1px solid var(--line); break-inside: avoid; }
  h2, h2 + p { break-after: avoid; } tr, svg { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
)
