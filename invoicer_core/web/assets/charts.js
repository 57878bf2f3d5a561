// The charts of the analytics page and of answers. Each canvas names its data; amounts come as texts, the numbers
// beside them only set heights. Colours are the page's own and follow light and dark.
import {
  BarController, BarElement, CategoryScale, Chart, Filler, Legend, LinearScale, LineController,
  LineElement, PointElement, Tooltip,
} from "chart.js";

Chart.register(
  BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip,
);

const data = JSON.parse(document.getElementById("chart-data")?.textContent ?? "{}");
const drawn = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function numbers(texts) {
  return texts.map((text) => (text === null ? null : Number(text)));
}

function shared(flat) {
  const axis = { grid: { color: colour("--line") }, border: { color: colour("--line") }, ticks: { color: colour("--quiet") } };
  const amounts = { ...axis, beginAtZero: true, ticks: { ...axis.ticks, maxTicksLimit: 6 } };
  const names = { ...axis, grid: { display: false }, ticks: { ...axis.ticks, autoSkip: !flat, maxRotation: 0 } };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    indexAxis: flat ? "y" : "x",
    interaction: { mode: "index", axis: flat ? "y" : "x", intersect: false },
    scales: flat ? { x: amounts, y: names } : { x: names, y: amounts },
    plugins: { legend: { display: false } },
  };
}

function shortened(text) {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

function days(given) {
  const options = shared(false);
  const odd = given.remarks.map((remark, at) => (remark ? Number(given.values[at]) : null));
  options.plugins = {
    ...options.plugins,
    tooltip: {
      callbacks: {
        label: (item) =>
          item.datasetIndex === 2
            ? given.remarks[item.dataIndex]
            : `${item.dataset.label}: ${(item.datasetIndex ? given.averageTexts : given.texts)[item.dataIndex]}`,
      },
    },
  };
  return {
    type: "bar",
    data: {
      labels: given.labels,
      datasets: [
        { label: given.revenue, data: numbers(given.values), backgroundColor: colour("--chart-bar"), barPercentage: 1, categoryPercentage: given.values.length > 60 ? 1 : 0.8, minBarLength: 0, order: 3 },
        { type: "line", label: given.average, data: numbers(given.averages), borderColor: colour("--chart-line"), backgroundColor: colour("--chart-line"), borderWidth: 2.5, pointRadius: 0, tension: 0.25, order: 2 },
        { type: "line", label: given.odd, data: odd, showLine: false, pointStyle: "triangle", pointRadius: 7, pointHoverRadius: 9, borderColor: colour("--sheet"), borderWidth: 1.5, backgroundColor: colour("--chart-mark"), order: 1 },
      ],
    },
    options,
  };
}

function bars(given, flat) {
  const options = shared(flat);
  options.plugins = { ...options.plugins, tooltip: { callbacks: { label: (item) => `${given.label}: ${given.texts[item.dataIndex]}` } } };
  return {
    type: "bar",
    data: {
      labels: given.labels.map(shortened),
      datasets: [{ label: given.label, data: numbers(given.values), backgroundColor: colour("--chart-bar"), borderRadius: 3, maxBarThickness: 26 }],
    },
    options,
  };
}

// Lines over time: days stand as far apart as they are, and lines differ by more than their colour.
function lines(given) {
  const options = shared(false);
  const moments = [...new Set(given.lines.flatMap((line) => line.moments))].sort((a, b) => a - b);
  const named = new Map(given.lines.flatMap((line) => line.moments.map((at, place) => [at, line.labels[place]])));
  const step = Math.ceil(moments.length / 6);
  options.interaction = { mode: "x", intersect: false };
  options.scales.x = {
    ...options.scales.x,
    type: "linear",
    min: moments[0],
    max: moments.at(-1),
    afterBuildTicks: (axis) => { axis.ticks = moments.filter((_, at) => at % step === 0).map((value) => ({ value })); },
    ticks: { ...options.scales.x.ticks, callback: (value) => named.get(value)?.slice(0, 10) ?? "" },
  };
  options.plugins = {
    legend: { display: given.lines.length > 1, labels: { usePointStyle: true } },
    tooltip: {
      callbacks: {
        title: (items) => named.get(items[0]?.parsed.x) ?? "",
        label: (item) => `${item.dataset.label}: ${given.lines[item.datasetIndex].texts[item.dataIndex]}`,
      },
    },
  };
  const colours = ["--chart-line", "--chart-bar", "--chart-mark"].map(colour);
  return {
    type: "line",
    data: {
      datasets: given.lines.map((line, at) => ({
        label: line.label,
        data: numbers(line.values).map((y, place) => ({ x: line.moments[place], y })),
        borderColor: colours[at % 3],
        backgroundColor: colours[at % 3],
        borderDash: [[], [6, 4], [2, 3]][at % 3],
        pointStyle: ["circle", "rect", "triangle"][at % 3],
        clip: false,
        pointRadius: moments.length > 60 ? 0 : 3,
        borderWidth: 2.5,
      })),
    },
    options,
  };
}

const KINDS = { days, lines };

function draw(canvas) {
  const given = data[canvas.dataset.chart];
  if (!given) return;
  drawn.get(canvas)?.destroy();
  const kind = KINDS[canvas.dataset.kind];
  drawn.set(canvas, new Chart(canvas, kind ? kind(given) : bars(given, true)));
}

function drawAll() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.color = colour("--quiet");
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) draw(canvas);
}

drawAll();
new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
