// Draws the charts of `{% chart %}` with ECharts, over the shapes that the page brought, once
// somebody points at one (figures.js); the data stands in a JSON script beside each.
(() => {
  const charts = new Map();

  // Reads a themed colour as the browser computes it: light-dark() is not a colour to a canvas.
  // One probe stays in the page, because each element that comes and goes costs a restyling.
  let probe = null;
  const colour = (name) => {
    if (!probe) {
      probe = document.createElement("span");
      probe.hidden = true;
      document.head.append(probe);
    }
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const theme = () => {
    return {
      palette: [1, 2, 3, 4, 5, 6, 7].map((number) => colour(`--ac-series-${number}`)),
      text: colour("--ac-text"),
      quiet: colour("--ac-quiet"),
      line: colour("--ac-line"),
      surface: colour("--ac-raised"),
      tones: {
        good: colour("--ac-good-fill"),
        warn: colour("--ac-warn-fill"),
        bad: colour("--ac-bad-fill"),
        neutral: colour("--ac-neutral-fill"),
        info: colour("--ac-info-fill"),
        accent: colour("--ac-accent"),
      },
    };
  };

  const language = document.documentElement.lang || "en";
  const full = (value, places) =>
    value == null
      ? "–"
      : new Intl.NumberFormat(language, {
          minimumFractionDigits: places ?? 0,
          maximumFractionDigits: places ?? 1,
        }).format(value);
  const short = (value) =>
    new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);

  const options = (data, t) => {
    const shared = {
      animation: false, // the same picture stands there already
      color: t.palette,
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
        valueFormatter: (value) => full(value, data.places) + (data.unit ? ` ${data.unit}` : ""),
      },
    };
    if (data.kind === "donut") {
      const [series] = data.series;
      return {
        ...shared,
        tooltip: { ...shared.tooltip, trigger: "item" },
        series: [
          {
            type: "pie",
            name: series.name,
            radius: ["52%", "76%"],
            center: ["50%", "44%"],
            padAngle: 2,
            itemStyle: { borderRadius: 4 },
            label: { color: t.text, formatter: (slice) => `${slice.name} ${full(slice.value, data.places)}` },
            data: data.x.map((name, i) => ({
              name,
              value: series.values[i],
              itemStyle: data.tones[i] && { color: t.tones[data.tones[i]] },
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
        min: data.low ?? undefined,
        max: data.high ?? undefined,
        splitNumber: 4,
        // With both ends given, ECharts' round steps would leave an odd last one.
        interval: data.low != null && data.high != null ? (data.high - data.low) / 4 : undefined,
        axisLabel: { color: t.quiet, formatter: short },
        splitLine: { lineStyle: { color: t.line } },
      },
      series: data.series.map((series, i) => ({
        name: series.name,
        type: bars ? "bar" : "line",
        stack: data.kind === "stacked" || data.kind === "area" ? "all" : undefined,
        barMaxWidth: 28,
        smooth: false,
        showSymbol: data.x.length <= 24,
        symbolSize: 6,
        connectNulls: false,
        lineStyle: { width: 2, type: series.dashed ? "dashed" : "solid" },
        areaStyle: data.kind === "area" ? { opacity: 0.25 } : undefined,
        itemStyle: {
          color: series.tone ? t.tones[series.tone] : t.palette[i % t.palette.length],
          borderRadius: data.kind === "bars" ? [3, 3, 0, 0] : 0,
        },
        data: series.values.map((value, at) =>
          data.tones[at] ? { value, itemStyle: { color: t.tones[data.tones[at]] } } : value,
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
    charts.set(figure, { chart, data });
    chart.setOption(options(data, theme()));
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
    const colours = theme();
    for (const kept of charts.values()) kept?.chart.setOption(options(kept.data, colours));
  });
})();
