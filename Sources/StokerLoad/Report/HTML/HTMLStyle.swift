/// How the report looks: one text column, numbers in tables, colour only where it says something.
enum HTMLStyle {
    static let sheet = """
        :root { --paper: #fffefb; --ink: #1c1b19; --faint: #6b6860; --rule: #dedbd2; --wash: #f5f3ec;
          --a: #1f5fa8; --b: #b3570d; --good: #1e7a3c; --warn: #97600a; --bad: #b3261e; --shade: #8884; }
        @media (prefers-color-scheme: dark) { :root { --paper: #161614; --ink: #e9e6dd; --faint: #a09c90; --rule: #38362f;
          --wash: #201f1b; --a: #7db4f0; --b: #f0a562; --good: #6fca8b; --warn: #e3b25a; --bad: #ff8a80; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 88rem; padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; background: var(--paper);
          color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
        h1 { font-size: 1.35rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 1rem; font-weight: 600; margin: 2.2rem 0 .6rem; padding-top: .5rem; border-top: 1px solid var(--rule); }
        h3 { font-size: .85rem; font-weight: 600; margin: 0 0 .2rem; }
        p { max-width: 46rem; margin: .4rem 0; }
        .sub, figcaption, .note-text { color: var(--faint); font-size: .85rem; }
        .banner { margin: 1rem 0 0; padding: .8rem 1rem; border-left: 5px solid var(--tone); background: var(--wash); }
        .banner strong { color: var(--tone); letter-spacing: .03em; }
        .banner p { max-width: 60rem; }
        .valid { --tone: var(--good); } .suspect { --tone: var(--warn); } .invalid { --tone: var(--bad); }
        .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
        .key { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .2rem 1.5rem; margin: 1.2rem 0 0; }
        .key div { border-top: 1px solid var(--rule); padding: .35rem 0; }
        .key b { display: block; font-size: 1.5rem; font-weight: 500; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .key span { color: var(--faint); font-size: .8rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .22rem .7rem .22rem 0; text-align: right; white-space: nowrap; vertical-align: top;
          border-bottom: 1px solid var(--rule); }
        thead th { color: var(--faint); font-weight: 500; font-size: .78rem; }
        th:first-child, td.text, th.text { text-align: left; }
        tbody th { font-weight: 500; }
        td small, dd small { color: var(--faint); font-size: .75rem; }
        td.wide { white-space: normal; text-align: left; min-width: 16rem; overflow-wrap: anywhere; }
        td:has(.definition), th:has(.definition) { text-align: left; padding-left: .6rem; }
        .definition { color: var(--faint); }
        table.words td, table.words th { text-align: left; }
        .withheld { color: var(--faint); }
        dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 0 2rem; margin: .4rem 0; font-size: .875rem; }
        dl div { display: flex; gap: .8rem; padding: .2rem 0; border-bottom: 1px solid var(--rule); }
        dt { color: var(--faint); flex: 0 0 8.5rem; } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1.2rem 2rem; }
        figure { margin: 0; break-inside: avoid; }
        svg { display: block; width: 100%; height: auto; font-size: 11px; }
        svg text { fill: var(--faint); font-variant-numeric: tabular-nums; }
        .end { text-anchor: end; } .middle { text-anchor: middle; }
        .grid { stroke: var(--rule); fill: none; } .base { stroke: var(--faint); fill: none; }
        .line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
        .line.thin { stroke-width: 1; stroke-dasharray: 3 3; }
        .a { stroke: var(--a); } .b { stroke: var(--b); } .f { stroke: var(--faint); } .r { stroke: var(--bad); }
        rect.a { fill: var(--a); stroke: none; } rect.r { fill: var(--bad); stroke: none; } rect.f { fill: var(--faint); stroke: none; }
        rect.warmup { fill: var(--shade); fill-opacity: .35; }
        .dot { stroke: var(--paper); } .dot.a { fill: var(--a); } .dot.r { fill: var(--bad); }
        svg text.word { font-weight: 600; } svg text.word.a { fill: var(--a); stroke: none; }
        svg text.word.b { fill: var(--b); stroke: none; } svg text.word.f { fill: var(--faint); stroke: none; }
        svg text.word.r { fill: var(--bad); stroke: none; }
        code, pre { font: .8rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
        details { margin: .5rem 0; } summary { cursor: pointer; color: var(--faint); }
        @media print { body { max-width: none; padding: 0; font-size: 9.5pt; background: #fff; color: #000; }
          :root { --paper: #fff; --ink: #000; --faint: #555; --rule: #ccc; --wash: #f4f4f4; --a: #1f5fa8; --b: #b3570d;
            --good: #1e7a3c; --warn: #97600a; --bad: #b3261e; }
          h2 { break-after: avoid; margin-top: 1.2rem; } .plots { grid-template-columns: 1fr 1fr; } details.raw { display: none; }
          .banner { -webkit-print-color-adjust: exact; print-color-adjust: exact; } .scroll { overflow: visible; }
          table { font-size: 8pt; } td, th { padding-right: .4rem; } }
        """
}
