#include "flows/report_assets.h"

namespace klieg::flows {

// Blue and orange keep apart for every common kind of colour blindness, and every use of them is
// doubled by a shape, a side or a word. Text has a contrast of at least 4.5 on its ground in both
// schemes.
const std::string_view kReportStyle = R"css(
:root{color-scheme:light dark;
--paper:#f7f6f2;--card:#fff;--ink:#1b2330;--soft:#566072;--line:#e2dfd6;--grid:#eceae3;
--accent:#0a5c9e;--accent-soft:#e6eff7;--warm:#a8500a;--grey:#717a88;--shadow:0 1px 2px rgba(27,35,48,.06);--edge:rgba(27,35,48,.16)}
@media (prefers-color-scheme:dark){:root{
--paper:#12151a;--card:#1a1e25;--ink:#e9e7e1;--soft:#a5adba;--line:#2d333d;--grid:#262b34;
--accent:#74b6f4;--accent-soft:#1b2b3c;--warm:#f2a660;--grey:#949dab;--shadow:none;--edge:rgba(0,0,0,.6)}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.page{max-width:1160px;margin:0 auto;padding:0 24px 64px}
a{color:var(--accent);text-underline-offset:2px}
h1,h2,h3,h4{line-height:1.25;margin:0;font-weight:650;text-wrap:balance}
h1{font-size:15px;font-weight:600;color:var(--soft);letter-spacing:.01em}
h2{font-size:25px;letter-spacing:-.01em;margin-top:64px}
h3{font-size:17px;margin-bottom:4px}
h4{font-size:15px}
p{margin:6px 0;max-width:72ch}
.soft,figcaption,.lede{color:var(--soft)}
.small,figcaption{font-size:13.5px;line-height:1.5}
header{padding:36px 0 8px}
.verdict{font-size:clamp(23px,3.3vw,35px);line-height:1.24;letter-spacing:-.015em;font-weight:600;
margin:16px 0 12px;max-width:30em;text-wrap:pretty}
.together{white-space:nowrap}
.verdict+.lede{font-size:17px}
.others{list-style:none;margin:18px 0 0;padding:0;display:grid;gap:8px;max-width:76ch}
.others li{border-left:3px solid var(--line);padding-left:12px}
.others b{font-weight:600}
nav{margin-top:22px;font-size:14px;display:flex;flex-wrap:wrap;gap:6px 20px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);
padding:20px 22px;margin:18px 0 0;min-width:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,450px),1fr));gap:18px;margin-top:18px}
.pair>.card{margin:0}
figure{margin:0}
figcaption{margin-top:8px;max-width:76ch}
.chart{display:block;width:100%;max-width:var(--natural);height:auto;margin:12px auto 0}
.chart.narrow{display:none;max-width:430px}
.chart text{font-family:inherit;fill:var(--ink)}
.chart .tick,.chart .axis{font-size:11.5px;fill:var(--soft)}
.chart .name,.chart .figure{font-size:13px}
.chart .figure{fill:var(--soft)}
.chart .strong{font-weight:700}
.chart .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--grid);stroke-width:1}
.zero{stroke:var(--soft);stroke-width:1.2}
.frontier{fill:none;stroke:var(--soft);stroke-width:1.2;stroke-dasharray:3 4;opacity:.8}
.leader-line{stroke:var(--soft);stroke-width:.8;opacity:.7}
.interval{stroke-width:3;stroke-linecap:round;stroke:var(--grey);opacity:.65}
.interval-leader,.interval-tied{stroke:var(--accent)}
.marker-leader{fill:var(--accent)}
.marker-tied{fill:var(--card);stroke:var(--accent);stroke-width:2.4}
.marker-behind{fill:var(--grey)}
.marker-untested{fill:var(--card);stroke:var(--grey);stroke-width:2}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:10px 0 0;padding:0;font-size:13.5px;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:6px}
.key{flex:none}
.scroll{overflow-x:auto;margin:10px -22px 0;padding:0 22px;scrollbar-width:thin;
background:linear-gradient(to left,var(--card) 30%,transparent) right/40px 100% no-repeat local,
linear-gradient(to left,var(--edge),transparent) right/14px 100% no-repeat scroll}
.scroll:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:14px;width:100%}
th,td{padding:7px 12px;text-align:right;vertical-align:top;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-weight:600;font-size:13px;color:var(--soft);white-space:nowrap;vertical-align:bottom}
thead .family{text-align:left;color:var(--ink);border-left:1px solid var(--line)}
.first{border-left:1px solid var(--line)}
th[scope=row],.text{text-align:left;font-weight:400}
.metrics th[scope=row]{font-weight:600;max-width:220px;overflow-wrap:anywhere}
.metrics td{white-space:nowrap}
.metrics small{display:block;font-size:11.5px;color:var(--soft)}
.metrics .pin{position:sticky;left:-22px;background:var(--card);text-align:left;z-index:1;width:168px;min-width:168px}
.best{font-weight:700;color:var(--accent)}.metrics .best small{font-weight:400}
.prime{background:var(--accent-soft)}
thead button{all:unset;cursor:pointer;padding:2px 0;border-radius:3px;white-space:nowrap}
thead button:hover{color:var(--accent)}
thead button::after{content:"";display:inline-block;width:.9em;text-align:center;font-size:.85em}
th[aria-sort=descending] button::after{content:"\25BC"}
th[aria-sort=ascending] button::after{content:"\25B2"}
th[aria-sort] button{color:var(--accent)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;
overflow-wrap:anywhere}
.settings td{min-width:90px}
.settings .text{min-width:180px}
.plain{list-style:none;margin:12px 0 0;padding:0;display:grid;gap:10px}
.plain li{display:grid;grid-template-columns:auto 1fr;gap:10px;align-items:baseline;max-width:80ch}
.tag{font-size:12px;font-weight:600;border:1px solid;border-radius:99px;padding:1px 9px;white-space:nowrap;min-width:76px;
text-align:center}
.tag.real{color:var(--accent);background:var(--accent-soft)}
.tag.open{color:var(--soft);border-style:dashed}
.member>header{padding:0}
.history{margin:8px 0 0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:6px}
.history li{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:1px 9px;font-size:13.5px;
max-width:100%;overflow-wrap:anywhere}
.history .more{background:none;border-color:transparent;color:var(--soft);padding-left:2px}
.recommended{list-style:none;margin:18px 0 0;padding:0;display:grid;gap:22px 36px;
grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr))}
.recommended>li{min-width:0;break-inside:avoid}
.reasons{font-size:13.5px;margin-top:4px;table-layout:fixed}
.reasons th,.reasons td{padding:2px 0;border:0;line-height:1.4;vertical-align:middle}
.reasons th[scope=row]{padding-right:12px;overflow-wrap:anywhere}
.reasons col.bar{width:36%}.reasons col.amount{width:74px}
.reasons .total>*{border-top:1px solid var(--line);font-weight:650;padding-top:4px}
.reasons thead th{font-size:12px;font-weight:400}
.reasons .rest th{color:var(--soft)}
.bar svg{display:block;width:100%;height:12px}
.up{fill:var(--accent)}.down{fill:var(--warm)}.base{fill:var(--grey)}
.bar line{stroke:var(--soft);stroke-width:1}
.rank{color:var(--soft);font-weight:400;margin-right:6px}
dl{margin:12px 0 0;display:grid;grid-template-columns:minmax(120px,auto) 1fr;gap:8px 20px;max-width:84ch}
dt{font-weight:600}dd{margin:0}
.empty{border-style:dashed;color:var(--soft)}
.empty p{margin:2px 0}
footer{margin-top:48px;padding-top:16px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}
@media (max-width:700px){
.page{padding:0 14px 48px}header{padding-top:22px}h2{margin-top:48px;font-size:22px}
.card{padding:16px 14px}.scroll{margin:10px -14px 0;padding:0 14px}.metrics .pin{left:-14px;width:116px;min-width:116px}
.chart.wide{display:none}.chart.narrow{display:block}
dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:10px}
.plain li{grid-template-columns:1fr;gap:4px}.tag{justify-self:start}
.sources thead,.settings thead{position:absolute;clip-path:inset(50%)}.sources tr,.sources td,.sources th,.settings tr,.settings td,.settings th{display:block;border:0;padding:1px 0;text-align:left}
.sources tr,.settings tr{padding:10px 0;border-bottom:1px solid var(--line)}
.sources th[scope=row],.settings th[scope=row]{font-weight:600}
.settings td{display:inline-block;min-width:0;margin-right:16px}.settings .text{min-width:0}
.settings td::before{content:attr(data-label) ": ";color:var(--soft)}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;
--accent:#0a5c9e;--accent-soft:#fff;--warm:#a8500a;--grey:#666;--shadow:none;--edge:transparent}
body{font-size:10.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.page{max-width:none;padding:0}.card{break-inside:avoid;border-color:#ccc}.breakable{break-inside:auto}
h2,h3{break-after:avoid}nav{display:none}.scroll{overflow:visible}
.chart.wide{display:block}.chart.narrow{display:none}
.metrics,.metrics thead th{font-size:6.4pt}.metrics small{display:none}.metrics th,.metrics td{padding:3px 2px}
.metrics .pin{position:static;width:auto;min-width:70px}thead button::after{display:none}}
@page{size:A4 landscape;margin:12mm}
)css";

// Cells carry the unrounded figure in data-value; a cell without one is not measured and goes last
// either way.
const std::string_view kReportScript = R"js(
(function(){'use strict';
document.querySelectorAll('table.sortable').forEach(function(table){
var body=table.tBodies[0];
Array.prototype.forEach.call(body.rows,function(row,i){row.dataset.place=i});
table.querySelectorAll('th[data-column]').forEach(function(head){
var button=document.createElement('button');
button.type='button';
button.setAttribute('aria-label',head.dataset.name+': sort');
while(head.firstChild)button.appendChild(head.firstChild);
head.appendChild(button);
button.addEventListener('click',function(){sort(head)})});
function sort(head){
var column=+head.dataset.column,old=head.getAttribute('aria-sort'),
down=old?old==='ascending':head.dataset.first==='descending';
table.querySelectorAll('th[aria-sort]').forEach(function(h){h.removeAttribute('aria-sort')});
head.setAttribute('aria-sort',down?'descending':'ascending');
var text=head.dataset.kind==='text';
function key(row){var cell=row.cells[column];
if(text)return cell.textContent;
var v=cell.dataset.value;return v===undefined?null:+v}
var rows=Array.prototype.slice.call(body.rows);
rows.sort(function(a,b){var x=key(a),y=key(b),order;
if(x===null||y===null)return (x===null)-(y===null)||a.dataset.place-b.dataset.place;
order=text?(x<y?-1:x>y?1:0):x-y;
return (down?-order:order)||a.dataset.place-b.dataset.place});
rows.forEach(function(row){body.appendChild(row)})}
})})();
)js";

}  // namespace klieg::flows
