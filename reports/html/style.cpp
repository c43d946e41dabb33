#include "reports/html/page.h"

namespace assay::reports {

const char* const kStyleSheet = R"css(
:root { color-scheme: light; --ink: #16202b; --soft: #55616e; --line: #c9d0d7; --shade: #f3f5f7;
  --good: #17603a; --bad: #a3161a; --caution: #7a5200; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 14px/1.45 "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC",
    "Microsoft YaHei", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 20px 24px 48px; }
h1 { font-size: 16px; font-weight: 600; margin: 0 0 10px; color: var(--soft); }
h2 { font-size: 16px; margin: 28px 0 8px; padding-bottom: 3px; border-bottom: 1.5px solid var(--ink); }
h3 { font-size: 15px; margin: 0 0 4px; overflow-wrap: anywhere; }
p { margin: 4px 0; overflow-wrap: anywhere; }
code { font: 600 .95em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }

.band { position: sticky; top: 0; z-index: 2; padding: 5px 24px; text-align: center; font-weight: 700;
  color: #4a3300; background: #ffe9a8; border-bottom: 2px solid #7a5200; }

.verdict { border: 3px solid var(--ink); border-left-width: 14px; padding: 10px 16px; }
.verdict .headline { margin: 0; font-size: 15px; }
.verdict .word { color: var(--soft); }
.verdict strong { font-size: 34px; line-height: 1.15; letter-spacing: .02em; }
.verdict.ACCEPT { border-color: var(--good); } .verdict.ACCEPT strong { color: var(--good); }
.verdict.REJECT { border-color: var(--bad); } .verdict.REJECT strong { color: var(--bad); }
.verdict.INCONCLUSIVE { border-color: var(--caution); border-style: dashed; border-left-style: solid; }
.verdict.INCONCLUSIVE strong { color: var(--caution); }
.tag { display: inline-block; border: 1.5px solid currentColor; border-radius: 2px; padding: 0 6px; font-size: 12px;
  font-weight: 700; vertical-align: middle; }
.headline .tag { font-size: 16px; padding: 1px 8px; }
.caution { color: var(--caution); font-weight: 600; }

.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(205px, 1fr)); gap: 6px 18px; margin: 6px 0; }
.fields.wide { grid-template-columns: 1fr; }
.fields dt { font-size: 12px; color: var(--soft); }
.fields dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.fields.wide dd { font-weight: 400; }

.card { border: 1px solid var(--line); border-left: 8px solid var(--soft); padding: 10px 14px; margin: 10px 0; }
.card.fail { border-left-color: var(--bad); } .card.fail .tag { color: var(--bad); }
.card.inconclusive { border-left-color: var(--caution); border-left-style: dashed; }
.card.inconclusive .tag, .card.marginal .tag { color: var(--caution); }
.card .next { background: var(--shade); padding: 6px 10px; margin: 8px 0; }
.consequences ul { margin: 2px 0 6px; padding-left: 20px; }
details { margin-top: 8px; } summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }

.scroll { overflow-x: auto; margin: 8px 0 14px; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 2px 0 3px; }
section > .scroll:only-of-type > table.matrix > caption, .inventory > caption, .steps > caption, .limits > caption,
.waivers > caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { border: 1px solid var(--line); padding: 2px 6px; text-align: left; vertical-align: top; }
thead th { background: var(--shade); border-bottom: 1.5px solid var(--ink); font-weight: 600; }
tbody th { font-weight: 600; white-space: nowrap; }
tr.execution th { background: var(--shade); font-weight: 400; font-style: italic; }
.unit, small { color: var(--soft); font-weight: 400; } small { font-size: 11px; display: block; }
.measurements td, .measurements thead th:not(:first-child) { text-align: right; }
.measurements td.text, .measurements td.limit, .measurements.judged thead th:last-child { text-align: left; }
.measurements td { white-space: nowrap; }
.measurements td.text { white-space: normal; overflow-wrap: break-word; }
.measurements td.limit { white-space: normal; min-width: 150px; }
.inventory td, .steps td, .raw td { overflow-wrap: anywhere; }
.raw td { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: 12px; }
.map td { text-align: center; font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: 11px; padding: 1px 3px; }
.pair-maps { display: flex; flex-wrap: wrap; gap: 14px 22px; } .pair-maps figure { margin: 0; max-width: 100%; overflow-x: auto; }
figcaption { font-weight: 600; font-size: 12.5px; padding: 2px 0; }
td.strong { font-weight: 700; }
td.pass { color: var(--good); }
td.outside { color: var(--bad); font-weight: 700; background: #fdecec; box-shadow: inset 0 0 0 1.5px var(--bad); }
td.marginal { color: var(--caution); font-weight: 700; background: #fff6dd; }
td.broken { color: var(--caution); font-weight: 700; background: #fff6dd; box-shadow: inset 0 0 0 1px var(--caution); }
td.quiet { color: var(--soft); }
.legend { font-size: 12px; color: var(--soft); }

@media (max-width: 640px) {
  main { padding: 12px 12px 32px; }
  .band { padding: 5px 12px; font-size: 13px; }
  .verdict { padding: 8px 10px; border-left-width: 8px; } .verdict strong { font-size: 27px; display: block; }
  .fields { grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); }
  tbody th, thead th:first-child { position: sticky; left: 0; background: #fff; white-space: normal; z-index: 1; }
  td, thead th { white-space: nowrap; } td.limit, .evidence td, .limits td, .waivers td { min-width: 130px; white-space: normal; }
  .evidence td:nth-child(-n+4) { min-width: 0; white-space: nowrap; }
  thead th:first-child, tr.execution th { background: var(--shade); }
}

@page { size: A4; margin: 12mm 11mm 14mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
@media print {
  body { font-size: 8.5pt; }
  main { max-width: none; padding: 0; }
  /* Fixed content is repeated on every page: the band stands upright in a margin that the text leaves free. */
  body.simulated main { margin-left: 9mm; }
  .band { position: fixed; top: 0; bottom: 0; left: 0; width: 6.5mm; padding: 0; writing-mode: vertical-rl;
    text-orientation: sideways; display: flex; align-items: center; justify-content: center; font-size: 10pt;
    border: 1.5pt solid #000; color: #000; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h1 { font-size: 11pt; } h2 { font-size: 11pt; margin: 14pt 0 4pt; break-after: avoid; } h3 { font-size: 9.5pt; break-after: avoid; }
  .verdict strong { font-size: 24pt; }
  .fields { grid-template-columns: repeat(4, 1fr); } .fields dt, .tag, .legend { font-size: 7.5pt; }
  table { font-size: 7pt; } th, td { padding: 1pt 2.5pt; } small { font-size: 6pt; }
  .raw td { font-size: 7pt; }
  thead { display: table-header-group; } tr, .verdict, .card dl, .card .next { break-inside: avoid; }
  .card { break-inside: auto; } .scroll { overflow: visible; } caption { break-after: avoid; }
  .measurements td.text { overflow-wrap: anywhere; } .measurements td.limit { min-width: 30mm; } tbody th { white-space: normal; }
  #checks .scroll, #measurements .scroll, #telemetry .scroll { break-inside: avoid; }
  svg.pairs { width: 88mm; height: auto; print-color-adjust: exact; -webkit-print-color-adjust: exact; } .pair-maps figure { break-inside: avoid; }
  td.outside, td.marginal, td.broken { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace assay::reports
