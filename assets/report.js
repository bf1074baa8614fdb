// The page's own charts: arms on and off, the value under the pointer, zoom; and tables that sort. No request leaves the page.
"use strict";
(function () {
  var data = JSON.parse(document.getElementById("data").textContent);
  // Without a prototype: an arm can have any name.
  var off = Object.create(null);
  var charts = [];
  // Sizes of pictures: name, width, and height where it is fixed.
  var sizes = [["screen", 1920, 0], ["slide", 1920, 1080], ["print", 3840, 0]];
  document.documentElement.classList.add("scripted");

  function make(tag, attributes, parent) {
    var node = document.createElement(tag);
    for (var key in attributes || {}) {
      if (key === "text") node.textContent = attributes[key];
      else node.setAttribute(key, attributes[key]);
    }
    if (parent) parent.appendChild(node);
    return node;
  }

  // As the figures write numbers, to two digits: k thousand, m million, bn billion, tn trillion.
  var steps = [[1e12, 1e12, " tn"], [1e9, 1e9, " bn"], [1e6, 1e6, " m"], [1e4, 1e3, " k"]];
  function number(v, unit) {
    if (v === null || v === undefined) return "none";
    if (unit === "fraction") return plain(Math.round(v * 1000) / 10) + " %";
    var step = steps.find(function (s) { return Math.abs(v) >= 0.9995 * s[0]; });
    return step ? plain(v / step[1]) + step[2] : plain(v);
  }
  function plain(v) {
    var a = Math.abs(v);
    var two = a >= 100 ? Math.round(v) : +v.toPrecision(2);
    if (a >= 100) { var p = Math.pow(10, Math.floor(Math.log10(a)) - 1); two = Math.round(v / p) * p; }
    return String(two).replace(/\B(?=(\d{3})+$)/, ",").replace("-", "\u2013");
  }
  // A tick is round already: every digit of it is meant.
  function exact(v, unit) {
    if (unit === "fraction") return +(v * 100).toPrecision(6) + " %";
    var step = steps.find(function (s) { return Math.abs(v) >= s[0]; });
    return String(+(v / (step ? step[1] : 1)).toPrecision(6)).replace("-", "\u2013") + (step ? step[2] : "");
  }
  var names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  function monthName(x) {
    var m = Math.round(x);
    return names[((m % 12) + 12) % 12] + " " + Math.floor(m / 12);
  }

  // Arms on and off, for charts and for what stands in words.
  var box = document.getElementById("arms");
  box.hidden = false;
  data.arms.forEach(function (arm) {
    var label = make("label", {}, box);
    var input = make("input", { type: "checkbox", value: arm.id }, label);
    input.checked = true;
    label.appendChild(document.createTextNode(arm.label));
    input.addEventListener("change", function () {
      off[arm.id] = !input.checked;
      document.querySelectorAll("[data-arm]").forEach(function (node) {
        node.classList.toggle("off", !!off[node.getAttribute("data-arm")]);
      });
      charts.forEach(function (c) { c.show(); });
    });
  });

  function colours(hex, opacity) {
    return hex + Math.round(opacity * 255).toString(16).padStart(2, "0");
  }

  data.figures.forEach(function (figure) {
    var host = document.getElementById(figure.id);
    if (!host) return;
    var svg = host.querySelector("svg");
    var live = make("div", { class: "live" });
    host.insertBefore(live, host.firstChild);
    make("h4", { text: svg.querySelector("title").textContent }, live);
    make("p", { class: "soft", text: figure.about }, live);
    // A recorded point as month, value, lower bound, upper bound, fitted.
    figure.charts.forEach(function (chart) {
      chart.record = chart.record.map(function (p) { return [p[0]].concat(p[1], p[2]); });
    });
    var first = figure.first[0] * 12 + figure.first[1] - 1;
    var xs = [];
    for (var i = 0; i < figure.months; i++) xs.push(first + i);
    var last = xs[xs.length - 1];
    var mine = figure.charts.map(function (chart, at) { return draw(figure, chart, at, xs, live); });
    var controls = make("div", { class: "controls" }, live);
    var label = make("label", {}, controls);
    label.appendChild(document.createTextNode("Month "));
    var slider = make("input", { type: "range", min: 0, max: xs.length - 1, value: xs.length - 1 }, label);
    var shown = make("output", { text: monthName(last) }, label);
    function point(index) {
      slider.value = index;
      slider.setAttribute("aria-valuetext", monthName(xs[index]));
      shown.textContent = monthName(xs[index]);
      mine.forEach(function (c) { c.say(index); });
    }
    slider.addEventListener("input", function () { point(+slider.value); });
    function zoom(from, to) {
      mine.forEach(function (c) { c.plot.setScale("x", { min: from, max: to }); });
    }
    function scaled(factor) {
      return function () {
        var s = mine[0].plot.scales.x, centre = xs[+slider.value];
        var half = Math.max(3, (s.max - s.min) / 2 * factor);
        centre = Math.min(Math.max(centre, first + half), last - half);
        if (half * 2 >= last - first) zoom(first, last);
        else zoom(centre - half, centre + half);
      };
    }
    make("button", { type: "button", text: "Closer" }, controls).addEventListener("click", scaled(0.5));
    make("button", { type: "button", text: "Wider" }, controls).addEventListener("click", scaled(2));
    make("button", { type: "button", text: "All months" }, controls).addEventListener("click", function () { zoom(first, last); });
    var series = figure.charts.map(function (c) { return c.series; }).flat();
    var note = series.some(function (s) { return s.bands; }) ? "Line: median; dark band: 50 % of futures; light band: 90 %." : "Mean over futures.";
    if (series.some(function (s) { return s.dashed; })) note += " Dashed: the baseline.";
    if (figure.charts.some(function (c) { return c.record.length; })) note += " Dots: the record with 90 % of its error; open: the model was fitted to it or given it; filled: neither.";
    note += " Dotted uprights: rules bind. Drag across to look closer; double-click to go back. Conditional on these assumptions, not a forecast.";
    make("p", { class: "soft", text: note }, live);
    offer(live, host, figure.name, function () { return drawn(figure, xs, mine[0].plot.scales.x); });
    mine.forEach(function (c) { c.point = point; });
    point(xs.length - 1);
  });

  // Figures without a chart of their own: their numbers stand in the page.
  data.tables.forEach(function (table) {
    var host = document.getElementById(table.id);
    if (host) offer(host, host, table.name, table.csv === null ? null : function () { return table.csv; });
  });

  function save(blob, name) {
    var link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // A figure as a file of its own: white paper, and typefaces that others have.
  function alone(host, style) {
    var svg = host.querySelector(".static svg").cloneNode(true), name = "http://www.w3.org/2000/svg";
    var box = svg.getAttribute("viewBox").split(" ");
    var paper = document.createElementNS(name, "path");
    paper.setAttribute("fill", "#fff");
    paper.setAttribute("d", "M0 0H" + box[2] + "V" + box[3] + "H0z");
    svg.insertBefore(paper, svg.querySelector("desc").nextSibling);
    svg.setAttribute("font-family", "'Noto Sans','Segoe UI','Helvetica Neue',Arial,sans-serif");
    if (style) {
      var carried = document.createElementNS(name, "style");
      carried.textContent = style;
      svg.insertBefore(carried, paper);
    }
    return { svg: svg, width: +box[2], height: +box[3] };
  }

  function picture(host, size, done) {
    // A picture of an SVG knows no typeface of the page, so it carries the page's own.
    var faces = document.querySelector("style").textContent.match(/@font-face\{[^}]*\}/g) || [];
    var one = alone(host, faces.join(""));
    var scale = Math.min(size[1] / one.width, size[2] ? size[2] / one.height : Infinity);
    var wide = Math.round(one.width * scale), high = Math.round(one.height * scale);
    one.svg.setAttribute("width", wide);
    one.svg.setAttribute("height", high);
    var image = new Image();
    image.addEventListener("load", function () {
      var canvas = make("canvas", { width: size[1], height: size[2] || high });
      var c = canvas.getContext("2d");
      c.fillStyle = "#fff";
      c.fillRect(0, 0, canvas.width, canvas.height);
      c.drawImage(image, (canvas.width - wide) / 2, (canvas.height - high) / 2, wide, high);
      canvas.toBlob(done, "image/png");
    });
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(one.svg));
  }

  // What a reader can take from a figure: pictures, an SVG whose letters are text, and its numbers.
  function offer(parent, host, name, csv) {
    var fold = make("details", { class: "take" }, parent);
    make("summary", { text: "Download" }, fold);
    var row = make("div", { class: "controls" }, fold);
    function button(text, act) { make("button", { type: "button", text: text }, row).addEventListener("click", act); }
    sizes.forEach(function (size) {
      button("PNG, " + size[0], function () {
        picture(host, size, function (blob) { save(blob, name + "-" + size[0] + ".png"); });
      });
    });
    button("SVG with text", function () {
      save(new Blob([new XMLSerializer().serializeToString(alone(host).svg) + "\n"], { type: "image/svg+xml" }), name + ".svg");
    });
    if (csv) button("Numbers (CSV)", function () { save(new Blob([csv()], { type: "text/csv" }), name + ".csv"); });
  }

  // Exactly what a chart shows, for a spreadsheet: its arms that are on, its months that are in view.
  function drawn(figure, xs, view) {
    var cell = function (v) {
      var text = v === null || v === undefined ? "" : String(v);
      if (typeof v === "string" && /^[=+\-@]/.test(text)) text = "'" + text;
      return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    };
    var month = function (x) { return Math.floor(x / 12) + "-" + String(x % 12 + 1).padStart(2, "0"); };
    var lines = [["panel", "line", "unit", "month", "median", "p05", "p25", "p75", "p95"]];
    var seen = function (x) { return x >= view.min && x <= view.max; };
    figure.charts.forEach(function (chart) {
      if (chart.arm && off[chart.arm]) return;
      chart.series.forEach(function (s) {
        if (s.arm && off[s.arm]) return;
        xs.forEach(function (x, k) {
          if (s.middle[k] === null || !seen(x)) return;
          var b = s.bands ? s.bands.map(function (column) { return column[k]; }) : ["", "", "", ""];
          lines.push([chart.title, s.name, chart.unit, month(x), s.middle[k]].concat(b));
        });
      });
      chart.record.forEach(function (p) {
        if (seen(xs[0] + p[0])) lines.push([chart.title, "record", chart.unit, month(xs[0] + p[0]), p[1], p[2], "", "", p[3]]);
      });
    });
    return lines.map(function (line) { return line.map(cell).join(","); }).join("\n") + "\n";
  }

  // Names beside the ends of lines need a wide screen; on a narrow one they stand below the chart.
  function endRoom(live) { return live.clientWidth >= 620 ? 170 : 16; }

  // What the figure on paper shows too: rules, the end of the record, recorded points, zero, names beside the ends of lines.
  function annotate(u, figure, chart, xs) {
    var c = u.ctx, px = uPlot.pxRatio, box = u.bbox;
    var x = function (v) { return u.valToPos(v, "x", true); };
    var y = function (v) { return Math.min(box.top + box.height, Math.max(box.top, u.valToPos(v, "y", true))); };
    var inside = function (v) { return v >= box.left - 1 && v <= box.left + box.width + 1; };
    function stroke(points, colour, width, dash) {
      c.beginPath();
      points.forEach(function (p, n) { if (n) c.lineTo(p[0], p[1]); else c.moveTo(p[0], p[1]); });
      c.strokeStyle = colour;
      c.lineWidth = width * px;
      c.setLineDash((dash || []).map(function (d) { return d * px; }));
      c.stroke();
    }
    function write(text, at, colour, bold) {
      c.font = (bold ? "700 " : "") + 11 * px + 'px "Noto Sans", system-ui, sans-serif';
      c.fillStyle = colour;
      c.fillText(text, at[0], at[1]);
    }
    c.save();
    c.textAlign = "left";
    c.textBaseline = "middle";
    var free = [-1, -1];
    chart.rules.forEach(function (rule) {
      var at = x(xs[0] + rule[0]);
      if (!inside(at)) return;
      stroke([[at, box.top], [at, box.top + box.height]], "#606060", 0.8, [1.6, 2.6]);
      c.font = 11 * px + 'px "Noto Sans", system-ui, sans-serif';
      var text = monthName(xs[0] + rule[0]) + ": " + rule[1], end = at + c.measureText(text).width + 8 * px;
      var row = free.findIndex(function (taken) { return at >= taken; });
      if (row < 0 || end > u.ctx.canvas.width) return;
      free[row] = end;
      write(text, [at, box.top - (10 + 13 * row) * px], "#505050");
    });
    if (u.scales.y.min < 0 && u.scales.y.max > 0 && !chart.log) stroke([[box.left, y(0)], [box.left + box.width, y(0)]], "#222", 1.2);
    if (figure.record_end !== null) {
      var ends = x(xs[0] + figure.record_end);
      if (inside(ends)) {
        stroke([[ends, box.top], [ends, box.top + box.height]], "#606060", 1.1);
        write("record ends " + monthName(xs[0] + figure.record_end), [ends + 4 * px, box.top + 8 * px], "#505050");
      }
    }
    chart.record.forEach(function (p) {
      var at = x(xs[0] + p[0]);
      if (!inside(at) || p[1] === null || (chart.log && p[1] <= 0)) return;
      if (p[2] !== null && p[3] !== null && (!chart.log || p[2] > 0)) stroke([[at, y(p[2])], [at, y(p[3])]], "#222", 0.9);
      c.beginPath();
      c.arc(at, y(p[1]), 3 * px, 0, 7);
      c.fillStyle = "#222";
      c.fill();
      if (p[4]) {
        c.beginPath();
        c.arc(at, y(p[1]), 1.8 * px, 0, 7);
        c.fillStyle = "#fff";
        c.fill();
      }
    });
    var room = u.ctx.canvas.width - box.left - box.width - 12 * px, labels = [];
    if (room < 100 * px) { c.restore(); return; }
    chart.series.forEach(function (s) {
      if (s.arm && off[s.arm]) return;
      var k = xs.length - 1;
      while (k > 0 && (s.middle[k] === null || xs[k] > u.scales.x.max)) k--;
      if (s.middle[k] !== null) labels.push({ y: y(s.middle[k]), s: s });
    });
    labels.sort(function (a, b) { return a.y - b.y; });
    labels.forEach(function (l, n) { if (n) l.y = Math.max(l.y, labels[n - 1].y + 13 * px); });
    for (var n = labels.length - 1, most = box.top + box.height; n >= 0; n--, most -= 13 * px) labels[n].y = most = Math.min(labels[n].y, most);
    labels.forEach(function (l) {
      c.font = "700 " + 11 * px + 'px "Noto Sans", system-ui, sans-serif';
      var text = l.s.name;
      const words = text.split(/\s+/);
      while (c.measureText(text).width > room && words.length > 1) { words.pop(); text = words.join(" ") + "\u2026"; }
      write(text, [box.left + box.width + 6 * px, l.y], l.s.colour, true);
    });
    c.restore();
  }

  function draw(figure, chart, at, xs, live) {
    var block = make("div", { class: "chart" }, live);
    if (chart.arm) block.setAttribute("data-arm", chart.arm);
    var unit = chart.unit === "fraction" ? "per cent" : chart.unit;
    var head = make("p", {}, block);
    make("b", { text: chart.title }, head);
    head.appendChild(document.createTextNode(", " + unit));
    var hold = make("div", { "aria-hidden": "true" }, block);
    var readout = make("ul", { class: "readout" }, block);
    var columns = [xs], series = [{}], bands = [], of = [null];
    chart.series.forEach(function (s, n) {
      if (s.bands) {
        [3, 0, 2, 1].forEach(function (b) {
          columns.push(s.bands[b]);
          series.push({ stroke: "transparent", width: 0, points: { show: false }, });
          of.push(n);
        });
        var k = columns.length;
        var part = chart.series.length > 1 ? 0.5 : 1;
        bands.push({ series: [k - 4, k - 3], fill: colours(s.colour, 0.2 * part) });
        bands.push({ series: [k - 2, k - 1], fill: colours(s.colour, 0.3 * part) });
      }
      columns.push(s.middle);
      series.push({ stroke: s.colour, width: s.dashed ? 1.5 : 2, dash: s.dashed ? [6, 4] : undefined, points: { show: false } });
      of.push(n);
    });
    var me = { point: function () {} };
    var font = '12px "Noto Sans", system-ui, sans-serif';
    me.plot = new uPlot({
      width: Math.max(280, live.clientWidth),
      height: figure.charts.length > 1 ? 220 : 320,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false }, points: { show: false } },
      scales: { x: { time: false }, y: { distr: chart.log ? 3 : 1, range: chart.log ? undefined : function (u, low, high) {
        chart.record.forEach(function (p) { if (p[1] !== null) { low = Math.min(low, p[1]); high = Math.max(high, p[1]); } });
        if (low > 0.3 * high) return [low - 0.04 * (high - low), high + 0.04 * (high - low)];
        low = Math.min(0, low); high = Math.max(0, high);
        return [low === 0 ? 0 : low * 1.04, high * 1.04 || 1];
      } } },
      axes: [
        { font: font, stroke: "#444", size: 36, grid: { stroke: "#e6e6e6", width: 1 }, incrs: [3, 6, 12, 24, 60, 120], space: 58,
          splits: function (u, axis, low, high, step) {
            var out = [];
            for (var v = Math.ceil(low / step) * step; v <= high; v += step) out.push(v);
            return out;
          },
          values: function (u, splits, axis, space, step) {
            return splits.map(function (v) { return step < 12 && v % 12 ? "Q" + (Math.floor((v % 12) / 3) + 1) : String(Math.floor(v / 12)); });
          } },
        { font: font, stroke: "#444", size: 62, grid: { stroke: "#e6e6e6", width: 1 },
          splits: chart.log ? function (u, axis, low, high) {
            var out = [];
            for (var e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++) out.push(Math.pow(10, e));
            return out;
          } : undefined,
          values: function (u, splits) { return splits.map(function (v) { return v === null ? "" : exact(v, chart.unit); }); } }
      ],
      series: series,
      bands: bands,
      padding: [chart.rules.length ? 30 : 12, endRoom(live), 0, 0],
      hooks: { draw: [function (u) { annotate(u, figure, chart, xs); }], setCursor: [function (u) { if (u.cursor.idx !== null && u.cursor.left >= 0) me.point(u.cursor.idx); }] }
    }, columns, hold);
    me.say = function (index) {
      readout.textContent = "";
      chart.series.forEach(function (s) {
        if (s.arm && off[s.arm]) return;
        var item = make("li", {}, readout);
        // The page's policy lets a script set a style, but no attribute.
        make("span", { class: "key" }, item).style.background = s.colour;
        make("b", { text: s.name + " " }, item);
        var text = number(s.middle[index], chart.unit);
        if (s.bands && s.middle[index] !== null) text += " (90 %: " + number(s.bands[0][index], chart.unit) + " to " + number(s.bands[3][index], chart.unit) + ")";
        item.appendChild(document.createTextNode(text));
      });
      me.index = index;
    };
    me.show = function () {
      me.plot.batch(function () {
        of.forEach(function (n, k) {
          if (n === null) return;
          var s = chart.series[n];
          if (s.arm) me.plot.setSeries(k, { show: !off[s.arm] });
        });
      });
      me.say(me.index);
    };
    me.host = live;
    charts.push(me);
    return me;
  }

  function fit() {
    charts.forEach(function (c) {
      // A folded chart has no width until it is opened.
      if (c.host.clientWidth) c.plot.setSize({ width: Math.max(280, c.host.clientWidth), height: c.plot.height });
    });
  }
  addEventListener("resize", fit);

  // Without a script everything stands open; a link to what is folded opens it.
  document.querySelectorAll("details.fold").forEach(function (fold) {
    fold.open = fold.classList.contains("wide") && innerWidth >= 620;
    fold.addEventListener("toggle", fit);
  });
  function unfold() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var fold = target && target.closest("details.fold");
    if (fold) fold.open = true;
  }
  addEventListener("hashchange", unfold);
  unfold();

  // Tables that sort by any column.
  document.querySelectorAll("table.sortable").forEach(function (table) {
    var heads = table.querySelectorAll("thead th");
    heads.forEach(function (head, column) {
      var button = make("button", { type: "button", text: head.textContent });
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (h) { h.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var body = table.tBodies[0];
        var rows = Array.prototype.slice.call(body.rows);
        function key(row) {
          var cell = row.cells[column];
          var v = cell.getAttribute("data-v") || cell.textContent.trim();
          var n = parseFloat(v.replace(/\u2013/g, "-").replace(/,/g, ""));
          if (isNaN(n)) return v.toLowerCase();
          var word = /^-?[\d.]+ (k|m|bn|tn|million|billion|trillion)\b/.exec(v.replace(/\u2013/g, "-").replace(/,/g, ""));
          return n * (word ? { k: 1e3, m: 1e6, bn: 1e9, tn: 1e12, million: 1e6, billion: 1e9, trillion: 1e12 }[word[1]] : 1);
        }
        rows.map(function (row, n) { return { row: row, key: key(row), n: n }; }).sort(function (a, b) {
          // Cells without a value stay last, whichever way.
          if ((a.key === "") !== (b.key === "")) return a.key === "" ? 1 : -1;
          var order = typeof a.key === typeof b.key ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : (typeof a.key === "number" ? -1 : 1);
          return (down ? -order : order) || a.n - b.n;
        }).forEach(function (r) { body.appendChild(r.row); });
      });
    });
  });
})();
