#include "flows/document_style.h"

namespace klieg::flows {

// Paper and ink of the report, in one column that is as wide as one reads well. Marks are doubled by
// words; text has a contrast of at least 4.5 on its ground in both schemes.
const std::string_view kDocumentStyle = R"css(
:root{color-scheme:light dark;
--paper:#f7f6f2;--card:#fff;--ink:#1b2330;--soft:#566072;--line:#e2dfd6;
--accent:#0a5c9e;--accent-soft:#e9f1f8;--warm:#9a4a08;--warm-soft:#fbf1e6;--good:#1d6b45;--good-soft:#e8f3ec}
@media (prefers-color-scheme:dark){:root{
--paper:#12151a;--card:#1a1e25;--ink:#e9e7e1;--soft:#a5adba;--line:#2d333d;
--accent:#74b6f4;--accent-soft:#1b2b3c;--warm:#f2a660;--warm-soft:#33261a;--good:#7fcfa2;--good-soft:#182c22}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.page{max-width:820px;margin:0 auto;padding:0 28px 64px}
h1,h2,h3{line-height:1.25;margin:0;font-weight:650;text-wrap:balance;overflow-wrap:anywhere}
header{padding:52px 0 4px}
.kind{margin:0 0 6px;font-size:15px;font-weight:600;color:var(--soft)}
h1{font-size:clamp(28px,4.6vw,40px);letter-spacing:-.018em}
.lede{font-size:19px;line-height:1.5;color:var(--soft);margin:14px 0 0;max-width:38em}
section{margin-top:52px}
h2{font-size:23px;letter-spacing:-.01em;margin-bottom:10px}
h3{font-size:18px}
p{margin:8px 0;max-width:40em}
a{color:var(--accent);text-underline-offset:2px}
.soft{color:var(--soft)}.small{font-size:15px;line-height:1.5}
ul{margin:10px 0;padding-left:1.2em;max-width:40em}li{margin:5px 0}li::marker{color:var(--soft)}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
.notice{background:var(--warm-soft);border-left:3px solid var(--warm);border-radius:0 6px 6px 0;padding:10px 16px;max-width:none;margin:14px 0}
dl{margin:14px 0;border-top:1px solid var(--line)}
dl>div{display:grid;grid-template-columns:minmax(150px,30%) 1fr;gap:4px 24px;padding:9px 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:15.5px;line-height:1.45;margin:14px 0}
th,td{padding:8px 14px 8px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:14px;font-weight:600;color:var(--soft);vertical-align:bottom}
th[scope=row]{font-weight:600;overflow-wrap:anywhere}
.figure{text-align:right;white-space:nowrap}
footer{margin-top:60px;padding-top:16px;border-top:1px solid var(--line);color:var(--soft);font-size:14.5px}
.answer{font-size:clamp(25px,3.9vw,35px);line-height:1.28;letter-spacing:-.016em;font-weight:600;margin:14px 0 0;max-width:24em;text-wrap:pretty}
.tallies{list-style:none;margin:30px 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;
background:var(--line);border:1px solid var(--line);border-radius:12px;overflow:hidden;max-width:none}
.tallies li{background:var(--card);margin:0;padding:16px 18px;font-size:15px;line-height:1.4;color:var(--soft)}
.tallies b{display:block;font-size:30px;line-height:1.15;font-weight:650;color:var(--ink);letter-spacing:-.02em}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 24px;margin:16px 0}
.card>:first-child{margin-top:0}.card>:last-child{margin-bottom:0}
.card dl{border-top:0;margin:10px 0 0}.card dl>div:last-child{border-bottom:0;padding-bottom:0}
.card header,.top{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:baseline;justify-content:space-between;padding:0}
.when{color:var(--soft);font-size:15px;margin:0}
.tag{display:inline-block;font-size:14px;font-weight:600;line-height:1.4;border-radius:99px;padding:1px 11px;border:1px solid currentColor}
.tag.good{color:var(--good);background:var(--good-soft)}
.tag.stop{color:var(--warm);background:var(--warm-soft)}
.tag.plain{color:var(--accent);background:var(--accent-soft)}
.tag.quiet{color:var(--soft)}
.steps{list-style:none;margin:14px 0 0;padding:0;max-width:none}
.steps>li{margin:0;padding:14px 0;border-top:1px solid var(--line)}
.steps>li:last-child{border-bottom:1px solid var(--line)}
.steps p{margin:3px 0}
.said{list-style:none;margin:8px 0 0;padding:0}
.said li{margin:3px 0;padding-left:1.5em;text-indent:-1.5em}
.said b{display:inline-block;width:1.5em;text-indent:0;font-weight:700}
.yes b{color:var(--good)}.no b{color:var(--warm)}
pre{margin:10px 0;padding:14px 16px;background:var(--card);border:1px solid var(--line);border-radius:8px;white-space:pre-wrap;overflow-wrap:anywhere;
font:14.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media (max-width:640px){
body{font-size:16.5px}.page{padding:0 18px 48px}header{padding-top:30px}section{margin-top:42px}
dl>div{grid-template-columns:1fr;gap:0}.card{padding:16px 18px}
.tallies{grid-template-columns:1fr 1fr}
thead{position:absolute;clip-path:inset(50%)}
tr,td,th[scope=row]{display:block;border:0;padding:1px 0;text-align:left;white-space:normal}
.figure{text-align:left;white-space:normal}
tr{padding:10px 0;border-bottom:1px solid var(--line)}
td::before{content:attr(data-label) ": ";color:var(--soft)}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;
--accent:#0a5c9e;--accent-soft:#fff;--warm:#8a3f00;--warm-soft:#fff;--good:#14532f;--good-soft:#fff}
body{font-size:10.5pt}.page{max-width:none;padding:0}header{padding-top:0}section{margin-top:22pt}
h1{font-size:22pt}.answer{font-size:18pt}.lede{font-size:11.5pt}
h2,h3{break-after:avoid}.card,.steps>li,tr,dl>div,pre,.tallies{break-inside:avoid}table,.when,.tag{font-size:9.5pt}}
@page{size:A4;margin:18mm 18mm 20mm}
)css";

}  // namespace klieg::flows
