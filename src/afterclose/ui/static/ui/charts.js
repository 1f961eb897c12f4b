// Draws the charts of `{% chart %}` with ECharts, over the shapes that the page brought, once
// somebody points at one (figures.js); the data stands in a JSON script beside each.
(() => {
  const charts = new Map();

  // Reads a themed colour as the browser computes it: light-dark() is not a colour to a canvas.
  // One probe stays in the page, because each element that comes and goes costs a restyling.
  let probe = null;
  const colour = (name, part = "") => {
    if (!probe) {
      probe = document.createElement("span");
      probe.hidden = true;
      document.head.append(probe);
    }
    probe.className = part;
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  // The colour of what the page's own shapes call by that name (charts.css).
  const ink = (part) => part && colour("--series", `plot-${part}`);
  const theme = () => ({
    text: colour("--ac-text"),
    quiet: colour("--ac-quiet"),
    line: colour("--ac-line"),
    surface: colour("--ac-raised"),
  });

  // `word(series, at)` is a value as the table behind the chart writes it.
  const options = (data, word, t) => {
    const shared = {
      animation: false, // the same picture stands there already
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: t.text },
      legend: {
        show: data.series.length > 1 || data.kind === "donut",
        bottom: 0,
        icon: "roundRect",
        itemWidth: 10,
        itemHeight: 10,
        textStyle: { color: t.text },
      },
      tooltip: {
        renderMode: "richText", // as HTML it would have style attributes, which our policy refuses
        confine: true,
        backgroundColor: t.surface,
        borderColor: t.line,
        textStyle: { color: t.text, fontSize: 13 },
      },
    };
    const unit = data.unit && ` ${data.unit}`;
    const tell = (index, at) =>
      word(index, at) + (data.series[index].values[at] == null ? "" : unit);
    if (data.kind === "donut") {
      const [series] = data.series;
      return {
        ...shared,
        tooltip: { ...shared.tooltip, trigger: "item", valueFormatter: (_, at) => tell(0, at) },
        series: [
          {
            type: "pie",
            name: series.name,
            radius: ["52%", "76%"],
            center: ["50%", "44%"],
            padAngle: 2,
            itemStyle: { borderRadius: 4 },
            label: { color: t.text, formatter: (slice) => `${slice.name} ${word(0, slice.dataIndex)}` },
            data: data.x.map((name, i) => ({
              name,
              value: series.values[i],
              itemStyle: { color: ink(data.colours[i]) },
            })),
          },
        ],
      };
    }
    const bars = data.kind === "bars" || data.kind === "stacked";
    return {
      ...shared,
      tooltip: { ...shared.tooltip, trigger: "axis", axisPointer: { type: bars ? "shadow" : "line" } },
      grid: { left: 4, right: 12, top: 12, bottom: data.series.length > 1 ? 34 : 8, containLabel: true },
      xAxis: {
        type: "category",
        data: data.x,
        boundaryGap: bars,
        axisLine: { lineStyle: { color: t.line } },
        axisTick: { show: false },
        axisLabel: { color: t.quiet, hideOverlap: true },
      },
      yAxis: {
        type: "value",
        min: data.steps[0],
        max: data.steps.at(-1),
        interval: data.steps[1] - data.steps[0],
        axisLabel: { color: t.quiet, formatter: (_, at) => data.ticks[at] },
        splitLine: { lineStyle: { color: t.line } },
      },
      series: data.series.map((series, i) => ({
        name: series.name,
        type: bars ? "bar" : "line",
        stack: data.kind === "stacked" || data.kind === "area" ? "all" : undefined,
        barMaxWidth: 28,
        smooth: false,
        showSymbol: data.hasDots,
        symbolSize: 6,
        connectNulls: false,
        tooltip: { valueFormatter: (_, at) => tell(i, at) },
        lineStyle: { width: 2, type: series.dashed ? "dashed" : "solid" },
        areaStyle: data.kind === "area" ? { opacity: 0.25 } : undefined,
        itemStyle: {
          color: ink(series.colour),
          borderRadius: data.kind === "bars" ? [3, 3, 0, 0] : 0,
        },
        data: series.values.map((value, at) =>
          data.colours[at] ? { value, itemStyle: { color: ink(data.colours[at]) } } : value,
        ),
      })),
    };
  };

  // `at` is where the pointer is: what it points at is told at once.
  const draw = (figure, at) => {
    if (charts.has(figure)) return;
    for (const [gone, kept] of charts) {
      if (gone.isConnected) continue;
      kept.chart.dispose();
      charts.delete(gone);
    }
    const canvas = figure.querySelector("[data-chart-canvas]");
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    const table = figure.querySelector("[data-chart-table] tbody");
    const word = (index, at) => table.rows[at].cells[index + 1].textContent;
    const look = () => chart.setOption(options(data, word, theme()));
    charts.set(figure, { chart, look });
    look();
    chart.on("click", ({ seriesIndex, dataIndex }) => {
      const link = data.series[seriesIndex]?.links[dataIndex];
      if (link) location.assign(link);
    });
    new ResizeObserver(() => canvas.offsetParent && chart.resize()).observe(canvas);
    if (at) chart.dispatchAction({ type: "showTip", x: at.x, y: at.y });
    canvas.dataset.drawn = "true";
  };
  window.afterclose.draw = draw;

  document.addEventListener("theme-changed", () => {
    for (const { look } of charts.values()) look();
  });
})();
