(function () {
  "use strict";

  function sortTable(table, column, button) {
    var header = button.closest("th");
    var descending = header.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach(function (other) { other.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    var numeric = header.classList.contains("n");
    var body = table.tBodies[0];
    var rows = Array.from(body.rows).map(function (row) {
      var raw = row.cells[column].dataset.sort;
      return { row: row, missing: raw === undefined, value: numeric ? Number(raw) : raw };
    });
    rows.sort(function (a, b) {
      if (a.missing || b.missing) return Number(a.missing) - Number(b.missing);
      var order = numeric ? a.value - b.value : a.value.localeCompare(b.value, undefined, { numeric: true });
      return descending ? -order : order;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    table.querySelectorAll("thead th").forEach(function (header, column) {
      var button = header.querySelector("button");
      button.addEventListener("click", function () { sortTable(table, column, button); });
    });
  });

  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      Array.from(document.getElementById(input.dataset.filter).tBodies[0].rows).forEach(function (row) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
      });
    });
  });

  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function looks(layout, width) {
    var style = getComputedStyle(document.body);
    var ink = style.getPropertyValue("--ink").trim();
    var paper = style.getPropertyValue("--paper").trim();
    var grid = style.getPropertyValue("--grid").trim();
    var themed = JSON.parse(JSON.stringify(layout));
    themed.paper_bgcolor = "rgba(0,0,0,0)";
    themed.plot_bgcolor = "rgba(0,0,0,0)";
    themed.font = { family: style.fontFamily, size: width < 520 ? 11 : 13, color: ink };
    themed.hoverlabel = Object.assign({}, themed.hoverlabel, { bgcolor: paper, bordercolor: grid, font: { color: ink } });
    themed.modebar = { bgcolor: "rgba(0,0,0,0)", color: grid, activecolor: ink };
    Object.keys(themed).forEach(function (name) {
      if (!/^[xy]axis\d*$/.test(name)) return;
      Object.assign(themed[name], { gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid });
    });
    (themed.shapes || []).forEach(function (shape) { if (!shape.line.color) shape.line.color = ink; });
    return themed;
  }

  var charts = [];
  document.querySelectorAll("script[data-chart]").forEach(function (source) {
    var place = document.getElementById(source.dataset.chart);
    var figure = JSON.parse(source.textContent);
    charts.push({ place: place, figure: figure });
    var config = { responsive: true, displaylogo: false, displayModeBar: "hover", showSendToCloud: false, showEditInChartStudio: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"] };
    Plotly.newPlot(place, figure.data, looks(figure.layout, place.clientWidth), config);
  });

  function redraw() {
    charts.forEach(function (chart) {
      Plotly.react(chart.place, chart.figure.data, looks(chart.figure.layout, chart.place.clientWidth));
    });
  }
  dark.addEventListener("change", redraw);
  document.documentElement.dataset.ready = String(charts.length);
})();
