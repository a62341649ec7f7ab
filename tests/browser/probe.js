// Runs inside a copy of the page, at two widths, and tells the page around it what it found: one line per check.
(function () {
  'use strict';
  function check(what, problems) {
    parent.postMessage(innerWidth + ' px: ' + (problems.length ? 'FAIL ' + what + ': ' + problems.slice(0, 5).join('; ')
                                                              : 'ok ' + what), '*');
  }
  function visible(element) { return element.getClientRects().length > 0; }
  function boxes(svg) {
    return Array.from(svg.querySelectorAll('text')).map(function (text) {
      var b = text.getBBox();
      return { text: text.textContent, left: b.x, top: b.y, right: b.x + b.width, bottom: b.y + b.height };
    });
  }

  check('no script error, no refused resource, no injected script', window.probeErrors);

  var wide = document.documentElement.scrollWidth;
  check('no horizontal overflow', wide > innerWidth ? ['page is ' + wide + ' px wide'] : []);

  var charts = Array.from(document.querySelectorAll('svg.chart')).filter(visible);
  var outside = [], overlapping = [], seen = 0;
  charts.forEach(function (svg) {
    var box = svg.viewBox.baseVal, all = boxes(svg), tolerance = 0.5;
    all.forEach(function (a, i) {
      ++seen;
      if (a.left < -tolerance || a.top < -tolerance || a.right > box.width + tolerance || a.bottom > box.height + tolerance)
        outside.push(a.text);
      all.slice(i + 1).forEach(function (b) {
        // Line boxes have air above and below the letters: a touch of two pixels covers nothing.
        var x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        var y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (x > 0.5 && y > 2.5) overlapping.push(a.text + ' / ' + b.text);
      });
    });
  });
  check('every label inside its picture', outside);
  check('no label on another', overlapping);
  check('pictures have labels', charts.length >= 6 && seen > 80 ? [] : [charts.length + ' charts, ' + seen + ' labels']);
  check('one size of each picture is shown',
        charts.length * 2 === document.querySelectorAll('svg.chart').length ? [] : ['both or none']);

  var levels = Array.from(document.querySelectorAll('h1,h2,h3,h4')).map(function (h) { return +h.tagName[1]; });
  check('headings in order', levels.filter(function (level, i) { return level > (i ? levels[i - 1] : 0) + 1; }));

  var tables = document.querySelectorAll('table.sortable');
  function sorted(table, name) {
    table.querySelector('th[data-name="' + name + '"] button').click();
    var column = +table.querySelector('th[data-name="' + name + '"]').dataset.column;
    return Array.from(table.tBodies[0].rows).map(function (row) {
      var cell = row.cells[column];
      return column === 0 ? cell.textContent : cell.dataset.value === undefined ? null : +cell.dataset.value;
    });
  }
  function ordered(values, down) {
    return values.every(function (v, i) {
      if (i === 0) return true;
      var before = values[i - 1];
      if (v === null) return true;
      return before !== null && (down ? before >= v : before <= v);
    });
  }
  var wrong = [];
  function expect(name, table, down) {
    var values = sorted(table, name);
    if (!ordered(values, down)) wrong.push(name + ' gives ' + values.join(' '));
    var state = table.querySelector('th[data-name="' + name + '"]').getAttribute('aria-sort');
    if (state !== (down ? 'descending' : 'ascending')) wrong.push(name + ' says ' + state);
    if (table.querySelectorAll('th[aria-sort]').length !== 1) wrong.push('two columns claim the order');
  }
  expect('ndcg@100', tables[0], false);  // It was descending.
  expect('ndcg@100', tables[0], true);
  expect('Training time', tables[0], false);
  expect('gini@10', tables[0], false);
  expect('Model', tables[0], false);
  expect('Model', tables[0], true);
  expect('recall@10', tables[1], true);  // One model lacks it: it goes last, whatever the direction.
  expect('recall@10', tables[1], false);
  if (tables[1].tBodies[0].rows[2].cells[0].textContent !== 'popularity') wrong.push('the missing figure is not last');
  check('tables sort', wrong);
})();
