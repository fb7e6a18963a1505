/** The look of the page: light and dark as the reader's system is. */
export const reportStyle = `
:root { color-scheme: light dark;
  --back: #fff; --fore: #1c1f24; --soft: #5d6673; --line: #d9dee5; --raised: #f5f7f9; --code: #eef1f5;
  --high: #b3261e; --medium: #8a5a00; --info: #1f5fa8;
  --s0: #2468b4; --s1: #c4600c; --s2: #2c8745; --s3: #8a4bb0; --s4: #a8304e; --s5: #56707f; }
@media (prefers-color-scheme: dark) { :root {
  --back: #14171b; --fore: #e4e8ec; --soft: #9aa5b1; --line: #313842; --raised: #1c2127; --code: #262d35;
  --high: #ff8a80; --medium: #f2bd5c; --info: #84b9f5;
  --s0: #74aef0; --s1: #f0a05a; --s2: #74cb8c; --s3: #c597e6; --s4: #f08ba3; --s5: #a3b8c4; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 24px; background: var(--back); color: var(--fore);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 40px 0 4px; } h3 { font-size: 15px; margin: 24px 0 6px; }
p { margin: 4px 0; } .facts, .headline, .missing { color: var(--soft); }
nav { position: sticky; top: 0; z-index: 1; background: var(--back); border-bottom: 1px solid var(--line); padding: 8px 0; margin: 16px 0 0; }
nav a { margin-right: 14px; } a { color: var(--info); text-decoration: none; } a:hover { text-decoration: underline; }
section, h2 { scroll-margin-top: 44px; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; font: 13px/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
ul.findings { list-style: none; padding: 0; margin: 12px 0; }
ul.findings li { background: var(--raised); border-left: 4px solid var(--info); border-radius: 4px; margin: 8px 0; padding: 8px 12px; overflow-wrap: anywhere; }
ul.findings li.high { border-color: var(--high); } ul.findings li.medium { border-color: var(--medium); }
.severity { font-weight: 600; margin-right: 6px; } .high .severity { color: var(--high); } .medium .severity { color: var(--medium); } .info .severity { color: var(--info); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 5px 10px; text-align: left; white-space: nowrap; } th { color: var(--soft); font-weight: 600; white-space: normal; vertical-align: bottom; }
thead tr { border-bottom: 1px solid var(--line); } tbody tr:nth-child(even) { background: var(--raised); } .n { text-align: right; }
td.path { max-width: 340px; overflow: hidden; text-overflow: ellipsis; direction: rtl; text-align: left; }
figure { margin: 16px 0; } figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 11px; } svg .y { text-anchor: end; dominant-baseline: middle; } svg .x { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; } .line { fill: none; stroke-width: 1.5; } .area { opacity: .14; }
.note { font-weight: 400; color: var(--soft); } .key { font-weight: 400; color: var(--soft); margin-left: 14px; } .key::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; background: var(--c); }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); } .s4 { --c: var(--s4); } .s5 { --c: var(--s5); }
.area, .bar { fill: var(--c); } .line { stroke: var(--c); }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { nav { display: none; } body { max-width: none; } }
`;
